import type { BudgetSpec } from "../config/budget-spec.ts";
import type { Exchange } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Account, Run } from "./ledger.ts";

/** Characters of a tag that tell it from others. */
const mostOfTag = 64;

/** The accounts that a call counts in. A budget for its token or tag by name comes before one for `*`. */
export function accountsOf(
  specs: readonly BudgetSpec[],
  { client, headers }: Exchange,
  now: Date,
  run: Run,
): Account[] {
  const tag = headerOf(headers, "x-relay-tag")?.trim().slice(0, mostOfTag);
  const names = { token: client, tag: tag === "" ? undefined : tag };
  const matching = specs.flatMap((spec) => {
    const name = spec.of && names[spec.of.kind];
    const isForEach = spec.of?.name === "*";
    if (spec.of && (name === undefined || !(isForEach || name === spec.of.name))) return [];
    return [{ isForEach, account: accountOf(spec, now, run, name) }];
  });
  // Of two for the same, the one that names it holds, then the smaller.
  matching.sort(
    (a, b) => Number(a.isForEach) - Number(b.isForEach) || a.account.cap - b.account.cap,
  );
  const accounts = new Map<string, Account>();
  for (const { account } of matching) {
    const key = `${account.period} ${account.name}`;
    if (!accounts.has(key)) accounts.set(key, account);
  }
  return [...accounts.values()];
}

/** The account of a budget; `name`: for one that is for `*`. */
export function accountOf(spec: BudgetSpec, now: Date, run: Run, name?: string): Account {
  const { of, cap, per } = spec;
  const period = per === "day" ? dayOf(now) : `run:${run.id}`;
  return { name: of ? `${of.kind}=${name ?? of.name}` : "all", period, cap };
}

/** The day in UTC, as OpenAI's own usage pages count. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}
