import { version } from "../../version.ts";
import type { Call, Filter, Heads, Side, Slice } from "../call.ts";
import { decodedSlices } from "../decoded.ts";
import type { Part } from "../reader.ts";
import { toEntry } from "./har.ts";
import { toLine } from "./jsonl.ts";

/** A journal to read from: that of a file, or that of a running relay. */
export type Source = {
  list(filter: Filter, page: { before?: number; limit: number }): Call[] | Promise<Call[]>;
  find(id: string): Call | undefined | Promise<Call | undefined>;
  heads(seq: number): Heads | undefined | Promise<Heads | undefined>;
  slices(seq: number, side: Side, after?: number): Part | Promise<Part>;
};

/** A call with all that is kept of it; the Content-Encodings of its bodies are undone. */
export type Whole = { call: Call; heads: Heads | undefined } & Record<Side, Slice[]>;

export const formats = ["har", "jsonl"] as const;
export type Format = (typeof formats)[number];

/** Writes calls as text in a format that other programs read: a piece a call, the oldest first. */
export async function* exportCalls(
  source: Source,
  wanted: Filter | readonly Call[],
  format: Format,
): AsyncGenerator<string> {
  const seqs = Array.isArray(wanted)
    ? wanted.map(({ seq }: Call) => seq)
    : await placesOf(source, wanted as Filter);
  const [begin, between, end] = format === "har" ? frameOfHar() : ["", "", ""];
  let isFirst = true;
  yield begin;
  for (const seq of seqs.sort((a, b) => a - b)) {
    const call = await source.find(String(seq));
    if (!call) continue;
    const whole = await wholeOf(source, call);
    if (!isFirst) yield between;
    isFirst = false;
    yield format === "har" ? JSON.stringify(toEntry(whole), null, 1) : toLine(whole);
  }
  yield end;
}

async function placesOf(source: Source, filter: Filter): Promise<number[]> {
  const seqs: number[] = [];
  for (let before: number | undefined; ; before = seqs.at(-1)) {
    const page = { limit: 1_000, ...(before !== undefined && { before }) };
    const calls = await source.list(filter, page);
    for (const { seq } of calls) seqs.push(seq);
    if (calls.length < page.limit) return seqs;
  }
}

async function wholeOf(source: Source, call: Call): Promise<Whole> {
  const heads = call.isCaptured ? await source.heads(call.seq) : undefined;
  if (!heads) return { call, heads, asked: [], answered: [] };
  const sideOf = async (side: Side) => {
    const slices = await allSlices(source, call.seq, side);
    if (call.kind === "websocket") return slices;
    return (await decodedSlices(heads[side], slices)).slices;
  };
  return { call, heads, asked: await sideOf("asked"), answered: await sideOf("answered") };
}

async function allSlices(source: Source, seq: number, side: Side): Promise<Slice[]> {
  const all: Slice[] = [];
  for (let after = 0; ; ) {
    const { slices, last } = await source.slices(seq, side, after);
    if (slices.length === 0) return all;
    for (const slice of slices) all.push(slice);
    after = last;
  }
}

function frameOfHar(): [string, string, string] {
  const creator = { name: "openai-relay", version };
  const log = JSON.stringify({ version: "1.2", creator }).slice(0, -1);
  return [`{"log":${log},"entries":[\n`, ",\n", "\n]}}\n"];
}
