import type { SQLInputValue } from "node:sqlite";
import type { Filter } from "./call.ts";
import { openReadOnly } from "./database.ts";
import { toCondition } from "./filter.ts";

/** What calls did cost together. Amounts are in billionths of a US dollar. */
export type Costs = {
  calls: number;
  /** The sum of what is known. */
  known: number;
  /** Calls of which only part is known, and what they cost at least. */
  partial: { calls: number; atLeast: number };
  /** Calls of which nothing is known but that they may have cost something. */
  unknown: number;
  /** Calls that have not ended. */
  running: number;
  input: number;
  cachedInput: number;
  output: number;
};

/** What calls can be told apart by; days are those of UTC, as budgets count them. */
export const groupings = {
  day: "strftime('%Y-%m-%d', calls.started_at / 1000, 'unixepoch')",
  model: "coalesce(model, '')",
  tag: "coalesce(tag, '')",
  client: "coalesce(client, '')",
  command: "command",
};

export type Grouping = keyof typeof groupings;

const tokens = (name: string) =>
  `CAST(sum(CASE WHEN usage_state <> 'unknown' THEN json_extract(usage, '$.${name}') END) AS REAL)`;

// A sum of whole numbers is exact, as a number of JavaScript up to nine million dollars.
const sums = `count(*) AS calls,
  CAST(sum(CASE cost_state WHEN 'known' THEN cost_nano END) AS REAL) AS known,
  sum(cost_state IS 'partial') AS partial,
  CAST(sum(CASE cost_state WHEN 'partial' THEN cost_nano END) AS REAL) AS at_least,
  sum(cost_state IS 'unknown') AS unknown,
  sum(ending IS NULL) AS running,
  ${tokens("input")} AS input, ${tokens("cachedInput")} AS cached, ${tokens("output")} AS output`;

/** Adds up the calls of the journal in `file`: in all, and apart. */
export function readCosts(
  file: string,
  by: Grouping,
  filter: Filter,
): { total: Costs; groups: [name: string, costs: Costs][] } {
  const db = openReadOnly(file);
  try {
    const { sql, values } = toCondition(filter);
    const from = `FROM calls JOIN relays ON relays.number = calls.relay WHERE ${sql}`;
    const order = by === "day" ? "name" : "known DESC, calls DESC, name";
    const rows = db.prepare(
      `SELECT ${groupings[by]} AS name, ${sums} ${from} GROUP BY name ORDER BY ${order}`,
    );
    return {
      total: toCosts(db.prepare(`SELECT ${sums} ${from}`).get(...values)!),
      groups: rows.all(...values).map((row) => [row.name as string, toCosts(row)]),
    };
  } finally {
    db.close();
  }
}

function toCosts(row: Record<string, SQLInputValue>): Costs {
  const number = (name: string) => (row[name] as number | null) ?? 0;
  return {
    calls: number("calls"),
    known: number("known"),
    partial: { calls: number("partial"), atLeast: number("at_least") },
    unknown: number("unknown"),
    running: number("running"),
    input: number("input"),
    cachedInput: number("cached"),
    output: number("output"),
  };
}
