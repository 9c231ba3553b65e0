import { printable } from "../config/shown.ts";
import { nameOf, shortNameOf } from "../terminal/call-columns.ts";
import { type Column, createTable, cut } from "../terminal/columns.ts";
import { toClock, toCount, toDollars, toSpan } from "../terminal/figures.ts";
import type { Paint } from "../terminal/paint.ts";
import type { Running, Snapshot } from "./snapshot.ts";
import { type Sort, sorted } from "./sort.ts";

export type Size = { columns: number; rows: number };

export type View = { sort: Sort; paint: Paint; size: Size };

/** Lines above and below the running calls. */
const around = 7;

/** A snapshot as lines that fill no more than the screen; `rows` may be `Infinity`. */
export function draw(snapshot: Snapshot, { sort, paint, size }: View): string[] {
  const { columns, rows } = size;
  const table = createTable(columnsFor(columns < 110), columns, paint);
  const running = sorted(snapshot.running, sort);
  const room = Math.max(1, rows - around);
  const shown = running.length > room ? running.slice(0, room - 1) : running;
  const hidden = running.length - shown.length;
  return [
    paint("bold", cut(`relay top  ${toClock(snapshot.at)}  ${summaryOf(running)}`, columns)),
    "",
    table.titles,
    ...shown.map(table.line),
    ...(hidden > 0 ? [paint("dim", `     and ${hidden} more`)] : []),
    "",
    cut(`last minute  ${minuteOf(snapshot)}`, columns),
    cut(`today (UTC)  ${todayOf(snapshot)}`, columns),
  ];
}

function columnsFor(isNarrow: boolean): Column<Running>[] {
  const figure = (title: string, width: number, text: (one: Running) => string) => {
    return { title, width, isRight: true, text };
  };
  return [
    figure("AGE", 5, ({ ageMs }) => toSpan(ageMs)),
    figure("ID", 6, ({ call }) => String(call.seq)),
    {
      title: "CALL",
      width: isNarrow ? 16 : 24,
      grows: 3,
      text: ({ call }) => (isNarrow ? shortNameOf(call) : nameOf(call)),
    },
    {
      title: "MODEL",
      width: isNarrow ? 11 : 18,
      grows: 1,
      text: ({ call }) => printable(call.model ?? ""),
    },
    figure("1ST", 4, ({ call }) => {
      return call.times.firstSlice === undefined ? "" : toSpan(call.times.firstSlice);
    }),
    figure("SLICES", 6, ({ call }) => toCount(call.slices)),
    figure("BYTES", 5, ({ call }) => toCount(call.bytesOut)),
    figure("B/S", 4, ({ bytesPerSecond: rate }) => (rate === undefined ? "" : toCount(rate))),
    {
      title: "STATE",
      width: 13,
      text: stateOf,
      colour: ({ isStalled, silentMs }) => {
        return isStalled ? "red" : silentMs === undefined ? "dim" : "green";
      },
    },
  ];
}

function stateOf({ call, silentMs, isStalled }: Running): string {
  if (isStalled) return `! silent ${toSpan(silentMs!)}`;
  if (call.kind === "websocket") return "open";
  if (silentMs !== undefined) return "answering";
  return call.times.head === undefined ? "waiting" : "head came";
}

function summaryOf(running: Running[]): string {
  const stalled = running.filter(({ isStalled }) => isStalled).length;
  return `${running.length} running${stalled > 0 ? `, ${stalled} stalled` : ""}`;
}

function minuteOf({ minute }: Snapshot): string {
  const { calls, errors, firstSliceP50: p50, firstSliceP99: p99 } = minute;
  const { state, value } = minute.outputTokensPerSecond;
  const rate = `${state === "partial" ? "~" : ""}${value < 10 ? value.toFixed(1) : toCount(value)}`;
  return [
    `${calls} calls`,
    `${errors} errors`,
    ...(p50 === undefined ? [] : [`1st slice p50 ${toSpan(p50)}, p99 ${toSpan(p99!)}`]),
    `${state === "unknown" ? "?" : rate} tokens/s`,
  ].join("   ");
}

function todayOf({ today }: Snapshot): string {
  const { state } = today.cost;
  const cost = toDollars(today.cost);
  const money = state === "unknown" ? "cost unknown" : `${cost.replace(/^(~?)/, "$1$")}`;
  return `${today.calls} calls   ${money}${state === "partial" ? " (some costs are unknown)" : ""}`;
}
