import type { Standing } from "../budget/ledger.ts";
import { toDollars } from "../budget/money.ts";
import { parseBudget } from "../config/budget-spec.ts";
import { UsageError } from "../config/error.ts";

/** `--max-cost` as a budget. */
export function toRunBudget(amount: string): string {
  const budget = `${amount}/run`;
  const isAmount = /^[$\d]/.test(amount) && parseBudget(budget) !== undefined;
  if (!isAmount)
    throw new UsageError(
      `--max-cost ${amount}: it must be an amount in US dollars such as 2.00, of at most 1000000`,
    );
  return budget;
}

/** What was spent, for people: a line for each budget. */
export function toBudgetText(standings: readonly Standing[]): string {
  return standings
    .map(({ name, period, spent, reserved, cap }) => {
      const whose = name === "all" ? "" : ` by ${name}`;
      const day = period.startsWith("run:") ? "" : " today";
      return `relay: ${toDollars(spent + reserved)} of ${toDollars(cap)} spent${day}${whose}\n`;
    })
    .join("");
}
