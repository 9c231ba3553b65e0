import { printable } from "../../config/shown.ts";
import { toBytes } from "../bytes.ts";
import type { Asked, Entry, HeaderPairs, Message, Slice } from "../entry.ts";

/** A recording as people read it: the request, the head, and what came when. Lines fit into `width`. */
export function toText({ asked, interim, head, parts, end }: Entry, width: number): string {
  const { method, path, query, recorded } = asked;
  const target = query === undefined ? path : `${path}?${query}`;
  const lines = [
    `${asked.upgrade ? "WebSocket" : method} ${target}`,
    ...toLines(asked.headers),
    `${asked.when ? "imported" : "recorded"} ${recorded}`,
    ...Object.entries(asked.when ?? {}).map(
      ([name, one]) => `when ${name}: ${JSON.stringify(one)}`,
    ),
    "",
    ...bodyLines(asked),
    ...interim.map(({ at, interim, reason }) => `${time(at)}  ${interim} ${reason}`),
    `${head.status} ${head.reason}`.trimEnd(),
    ...toLines(head.headers),
    "",
    `${time(head.at)}  head`,
    ...parts.map((part) => `${time(part.at)}  ${partLine(part)}`),
    `${time(end.at)}  ${end.end}`,
    ...toLines(end.trailers ?? []),
  ];
  return lines.map((line) => `${cut(printable(line), width)}\n`).join("");
}

function toLines(headers: HeaderPairs): string[] {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

function bodyLines({ body }: Asked): string[] {
  if (!body) return [];
  if ("json" in body) return [...JSON.stringify(body.json, null, 2).split("\n"), ""];
  if ("text" in body) return [...body.text.split(/\r?\n/), ""];
  return [`${body.bytes} bytes`, ""];
}

function partLine(part: Slice | Message): string {
  const sign = "from" in part ? (part.from === "client" ? "→ " : "← ") : "";
  if ("ping" in part) return `${sign}ping ${part.ping}`;
  if ("close" in part) return `${sign}close ${part.close ?? "without a code"} ${part.reason}`;
  if ("text" in part) return `${sign}${JSON.stringify(part.text)}`;
  return `${sign}${toBytes(part).length} bytes`;
}

function time(at: number): string {
  return `${at.toFixed(1)} ms`.padStart(12);
}

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
