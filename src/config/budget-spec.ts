/** One budget, as it was written and what it says. */
export type BudgetSpec = {
  text: string;
  /** Whose calls count: all, those of a client token, or those with a tag; `*`: each name has its own. */
  of?: { kind: "token" | "tag"; name: string };
  /** In billionths of a US dollar. */
  cap: number;
  /** From midnight to midnight (UTC), or from the start to the end of a relay. */
  per: "day" | "run";
};

/** What a budget looks like, for messages. */
export const budgetRight =
  'a budget such as "5.00/day", "2.00/run", "token=ci:1.00/day" or "tag=*:0.50/day", of at most 1000000 dollars';

const shape = /^(?:(token|tag)=(\S{1,64}):)?\$?(\d{1,7}(?:\.\d{1,9})?)\/(day|run)$/;

/** Reads `amount/period`, with `token=name:` or `tag=name:` in front if need be; `undefined`: it is none. */
export function parseBudget(text: string): BudgetSpec | undefined {
  const [, kind, name, amount, per] = shape.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const cap = Math.round(Number(amount) * 1e9);
  // Whoever writes 0 may mean none at all, or as much as there is.
  if (cap <= 0 || cap > 1e15) return undefined;
  return {
    text: text.trim(),
    ...(kind && { of: { kind: kind as "token" | "tag", name: name! } }),
    cap,
    per: per as "day" | "run",
  };
}
