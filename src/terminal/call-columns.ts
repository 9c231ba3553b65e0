import { printable } from "../config/shown.ts";
import type { Call } from "../journal/call.ts";
import type { Column } from "./columns.ts";
import { toClock, toCount, toDollars, toSpan } from "./figures.ts";
import type { Colour } from "./paint.ts";

/** What a line of the log has of a call; in 80 columns without what most calls have in common. */
export function callColumns(isNarrow: boolean): Column<Call>[] {
  return [
    { title: "TIME", width: 8, text: (call) => toClock(call.startedAt), colour: () => "dim" },
    { title: "ID", width: isNarrow ? 5 : 6, isRight: true, text: ({ seq }) => String(seq) },
    {
      title: "CALL",
      width: isNarrow ? 16 : 24,
      grows: 3,
      text: (call) => (isNarrow ? shortNameOf(call) : nameOf(call)),
    },
    {
      title: "MODEL",
      width: isNarrow ? 11 : 18,
      grows: 1,
      text: ({ model = "" }) => printable(model),
    },
    { title: "END", width: 4, text: endOf, colour: colourOf },
    { title: "TOOK", width: 4, isRight: true, text: ({ times }) => span(times.end) },
    { title: "1ST", width: 4, isRight: true, text: ({ times }) => span(times.firstSlice) },
    {
      title: "IN",
      width: 4,
      isRight: true,
      text: ({ usage }) => tokens(usage?.state, usage?.input),
    },
    { title: "HIT", width: 4, isRight: true, text: hitOf },
    {
      title: "OUT",
      width: 4,
      isRight: true,
      text: ({ usage }) => tokens(usage?.state, usage?.output),
    },
    { title: "USD", width: 6, isRight: true, text: ({ cost }) => (cost ? toDollars(cost) : "") },
  ];
}

/** `POST /v1/responses` */
export function nameOf({ kind, method, path }: Call): string {
  return `${kind === "websocket" ? "WS" : printable(method)} ${printable(path)}`;
}

/** `responses`: most calls are a POST to a path below `/v1`. */
export function shortNameOf(call: Call): string {
  return nameOf(call)
    .replace(/^POST (?=.)/, "")
    .replace(/(^| )\/(?:v1\/)?/, "$1");
}

/** The status, or how it ended where that says more. */
function endOf({ status, ending }: Call): string {
  if (ending === undefined) return "…";
  if (ending === "client_left") return "left";
  if (ending === "upstream_broke" && status < 400) return "cut";
  return ending === "lost" ? "lost" : String(status);
}

export function colourOf({ status, ending }: Call): Colour | undefined {
  if (ending === undefined) return "cyan";
  if (ending === "upstream_broke" || ending === "lost" || status >= 500) return "red";
  return status >= 400 || ending === "client_left" ? "yellow" : "green";
}

/** The share of the input that came from the prompt cache. */
function hitOf({ usage }: Call): string {
  const { input, cachedInput } = usage ?? {};
  return input && cachedInput !== undefined ? `${Math.floor((100 * cachedInput) / input)}%` : "";
}

function tokens(state: string | undefined, count: number | undefined): string {
  if (count !== undefined) return toCount(count);
  return state === "unknown" ? "?" : "";
}

function span(ms: number | undefined): string {
  return ms === undefined ? "" : toSpan(ms);
}
