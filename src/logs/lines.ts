import { printable } from "../config/shown.ts";
import type { Call } from "../journal/call.ts";
import { callColumns, colourOf, nameOf } from "../terminal/call-columns.ts";
import { createTable, cut } from "../terminal/columns.ts";
import { toClock } from "../terminal/figures.ts";
import type { Paint } from "../terminal/paint.ts";

/** Fewer columns have no room for methods and long paths. */
const wide = 110;

/** Lines about calls, `width` signs wide. */
export function createLines(width: number, paint: Paint) {
  const { titles, line } = createTable(callColumns(width < wide), width, paint);
  const indent = " ".repeat(9);

  return {
    titles: `${titles}\n`,
    /** A call that has ended; where the relay itself refused or failed, why in a line below. */
    ended(call: Call): string {
      if (call.error === undefined) return `${line(call)}\n`;
      const why = printable([call.error, call.errorMessage].filter(Boolean).join(": "));
      return `${line(call)}\n${indent}${paint(colourOf(call) ?? "red", cut(why, width - 9))}\n`;
    },
    begun(call: Call): string {
      const text = cut(
        `${call.seq} begins: ${nameOf(call)} ${printable(call.model ?? "")}`,
        width - 9,
      );
      return paint("dim", `${toClock(call.startedAt)} ${text.trimEnd()}\n`);
    },
  };
}
