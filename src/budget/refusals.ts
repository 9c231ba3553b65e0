import { budgetExceeded, policyDenied, type RelayError } from "../errors.ts";
import { quoted } from "../policy/quoted.ts";
import type { Standing } from "./ledger.ts";
import { toAmount, toDollars } from "./money.ts";

/** `amount`: what the call would have reserved. */
export function exceeded(standing: Standing, amount: number): RelayError {
  const { spent, reserved, cap } = standing;
  const under = reserved > 0 ? `, ${toDollars(reserved)} reserved by calls under way` : "";
  const left = `${toDollars(spent)} spent${under}`;
  const call = amount <= mostTold ? `up to ${toDollars(amount)}` : "more than can be counted";
  return budgetExceeded(
    `The budget ${titleOf(standing)} has too little left for this call: ${left}, of ${toDollars(cap)}; the call may cost ${call}. ${endOf(standing)} A lower limit of output tokens reserves less.`,
  );
}

const mostTold = 1e15;

/** As a setting says it. */
export function titleOf({ name, period, cap }: Pick<Standing, "name" | "period" | "cap">): string {
  const of = name === "all" ? "" : `${name}:`;
  return quoted(`${of}${toAmount(cap)}/${isRun(period) ? "run" : "day"}`);
}

function isRun(period: string): boolean {
  return period.startsWith("run:");
}

function endOf({ period }: Standing): string {
  if (isRun(period)) return "It lasts as long as this relay.";
  const next = new Date(Date.parse(period) + 24 * 3_600_000).toISOString().slice(0, 10);
  return `It begins anew at ${next} 00:00 UTC.`;
}

export function untold(what: string): RelayError {
  return policyDenied(
    `budget cannot hold for ${quoted(what)}: no answer says what such a call costs. A relay without budgets forwards it.`,
  );
}

export function unpriced(model: string | undefined): RelayError {
  const what = model === undefined ? "A call without a model" : `The model ${quoted(model)}`;
  return budgetExceeded(
    `${what} has no known price, and budgetUnknown is "refuse". Add the price to a file that the setting prices names.`,
  );
}
