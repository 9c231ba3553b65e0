import { join } from "node:path";
import { printable } from "../../config/shown.ts";
import type { Asked, Finish } from "../entry.ts";
import { listTape, readEntry } from "../file.ts";
import { TapeError } from "../lines.ts";

/** What is told of a recording in a list. */
export type Row = {
  file: string;
  recorded: string;
  method: string;
  path: string;
  model?: string;
  status: number;
  end: Finish;
  /** Or messages of a WebSocket. */
  slices: number;
  bytes: number;
  ms: number;
};

/** The recordings in a folder in the order in which they were made, and what is wrong with the others. */
export async function listRows(folder: string): Promise<{ rows: Row[]; faults: string[] }> {
  const rows: Row[] = [];
  const faults: string[] = [];
  for (const { name } of listTape(folder))
    try {
      rows.push(await toRow(folder, name));
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
      faults.push(error.message);
    }
  rows.sort((a, b) => Date.parse(a.recorded) - Date.parse(b.recorded));
  return { rows, faults };
}

async function toRow(folder: string, file: string): Promise<Row> {
  const { asked, head, parts, end } = await readEntry(join(folder, file));
  const model = modelOf(asked);
  const bytes = parts.reduce((sum, part) => {
    if ("text" in part) return sum + Buffer.byteLength(part.text);
    return "base64" in part ? sum + Buffer.byteLength(part.base64, "base64") : sum;
  }, 0);
  return {
    file,
    recorded: asked.recorded,
    method: asked.upgrade ? "WS" : asked.method,
    path: asked.path,
    ...(model !== undefined && { model }),
    status: head.status,
    end: end.end,
    slices: parts.length,
    bytes,
    ms: end.at,
  };
}

/** What a request names as its model, in the body or in the query. */
export function modelOf({ body, query = "" }: Asked): string | undefined {
  const json = body && "json" in body ? body.json : undefined;
  const model: unknown =
    typeof json === "object" && json !== null
      ? Reflect.get(json, "model")
      : new URLSearchParams(query).get("model");
  return typeof model === "string" ? model : undefined;
}

/** As lines for people, aligned. */
export function toTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.recorded.slice(0, 19).replace("T", " "),
    row.method,
    printable(row.path),
    printable(row.model ?? ""),
    String(row.status),
    row.end,
    String(row.slices),
    String(row.bytes),
    row.ms < 10_000 ? `${Math.round(row.ms)} ms` : `${(row.ms / 1000).toFixed(1)} s`,
    printable(row.file),
  ]);
  const lines = [titles, ...cells];
  const widths = titles.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const line = (line: string[]) =>
    line.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
  return lines.map((one) => `${line(one).join("  ").trimEnd()}\n`).join("");
}

const titles = [
  ...["RECORDED", "METHOD", "PATH", "MODEL", "STATUS", "END", "SLICES", "BYTES", "TIME", "FILE"],
];
const isNumber = titles.map((title) => ["SLICES", "BYTES", "TIME"].includes(title));
