import { dayOf } from "../budget/accounts.ts";
import { ledgerFile, readStandings } from "../budget/file.ts";
import type { Standing } from "../budget/ledger.ts";
import { toAmount, toDollars } from "../budget/money.ts";
import { titleOf } from "../budget/refusals.ts";
import { ConfigError } from "../config/error.ts";
import type { Filter } from "../journal/call.ts";
import { type Costs, type Grouping, readCosts } from "../journal/costs.ts";
import { type Column, columnsOf, createTable } from "../terminal/columns.ts";
import { toCount } from "../terminal/figures.ts";
import { createPaint } from "../terminal/paint.ts";

export type CostOptions = { by: Grouping; json?: true };

type Row = { name: string; costs: Costs };

/** Prints what calls did cost, and how the budgets stand. */
export function printCosts(file: string, filter: Filter, { by, json }: CostOptions): void {
  const standings = readStandings(ledgerFile(process.env), dayOf(new Date()));
  const found = costsIn(file, by, filter, standings.length > 0);
  if (json) {
    const rows = found?.groups.map(([name, costs]) => ({ [by]: name, ...toJson(costs) })) ?? [];
    const total = found ? toJson(found.total) : null;
    const all = { by, rows, total, budgets: standings.map(budgetToJson) };
    process.stdout.write(`${JSON.stringify(all)}\n`);
    return;
  }
  if (found) process.stdout.write(toTable(by, found));
  if (standings.length > 0) process.stdout.write(`${found ? "\n" : ""}${toBudgets(standings)}`);
}

/** `undefined`: there is no journal, but something else to tell. */
function costsIn(file: string, by: Grouping, filter: Filter, isOptional: boolean) {
  try {
    return readCosts(file, by, filter);
  } catch (error) {
    if (!(isOptional && error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

function toTable(by: Grouping, { total, groups }: ReturnType<typeof readCosts>): string {
  const rows = [
    ...groups.map(([name, costs]) => ({ name: name || "-", costs })),
    { name: "total", costs: total },
  ];
  const columns: Column<Row>[] = [
    column(by.toUpperCase(), 10, ({ name }) => name, { grows: 1, isRight: false }),
    column("CALLS", 7, ({ costs }) => String(costs.calls)),
    column("IN", 6, ({ costs }) => toCount(costs.input)),
    column("CACHED", 6, ({ costs }) => toCount(costs.cachedInput)),
    column("OUT", 6, ({ costs }) => toCount(costs.output)),
    column("COST", 14, ({ costs }) => toSum(costs)),
  ];
  const width = Math.min(columnsOf(process.stdout), 120);
  const table = createTable(columns, width, createPaint(process.stdout));
  // What is not known is never cut.
  const lines = rows.map((row) => `${table.line(row)} ${notKnown(row.costs)}`.trimEnd());
  return [`${table.titles} NOT KNOWN`, ...lines].map((line) => `${line}\n`).join("");
}

function column(
  title: string,
  width: number,
  text: (row: Row) => string,
  { grows, isRight = true }: { grows?: number; isRight?: boolean } = {},
): Column<Row> {
  return {
    title: isRight ? title.padStart(width) : title,
    width,
    text,
    isRight,
    ...(grows && { grows }),
  };
}

/** `?`: of no call in it is the cost known. */
function toSum({ calls, known, partial, unknown, running }: Costs): string {
  const isNoneKnown = calls > 0 && partial.calls + unknown + running === calls;
  return isNoneKnown && known === 0 ? "?" : toDollars(known);
}

/** What stands beside a sum, so that nobody takes it for all there is. */
function notKnown({ partial, unknown, running }: Costs): string {
  const parts = [
    ...(partial.calls > 0
      ? [`${partial.calls} partly (${toDollars(partial.atLeast)} or more)`]
      : []),
    ...(unknown > 0 ? [`${unknown} not at all`] : []),
    ...(running > 0 ? [`${running} running`] : []),
  ];
  return parts.join(", ");
}

function toBudgets(standings: readonly Standing[]): string {
  const lines = standings.map((standing) => {
    const { spent, reserved, cap } = standing;
    const held = reserved > 0 ? `, ${toDollars(reserved)} reserved` : "";
    const left = toDollars(Math.max(0, cap - spent - reserved));
    return `  ${titleOf(standing)}: ${toDollars(spent)} spent${held}, ${left} left\n`;
  });
  return `Budgets:\n${lines.join("")}`;
}

export function toJson({ known, partial, ...rest }: Costs): object {
  const { calls, atLeast } = partial;
  return { ...rest, usd: toAmount(known), partial: { calls, usdOrMore: toAmount(atLeast) } };
}

function budgetToJson(standing: Standing): object {
  const { name, period, spent, reserved, cap } = standing;
  const amounts = { cap, spent, reserved, left: Math.max(0, cap - spent - reserved) };
  const usd = Object.fromEntries(
    Object.entries(amounts).map(([key, nano]) => [key, toAmount(nano)]),
  );
  return { of: name, period, ...usd };
}
