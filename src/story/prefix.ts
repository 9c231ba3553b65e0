import type { Fields } from "./json.ts";

/** A piece of what the model reads, as it was sent. */
export type Piece = { path: string; text: string; bytes: number };

const encoder = new TextEncoder();

/** A prompt in the order in which it is read: tools, the form of the answer, instructions, messages. */
export function piecesOf(body: Fields): Piece[] {
  const lists = { tools: body.tools, functions: body.functions };
  const values: [path: string, value: unknown][] = [
    ...Object.entries(lists).flatMap(([name, list]) => itemsOf(name, list)),
    ...["response_format", "text", "instructions"].map((name): [string, unknown] => {
      return [name, body[name]];
    }),
    ...["messages", "input", "prompt"].flatMap((name) => itemsOf(name, body[name])),
  ];
  return values.flatMap(([path, value]) => {
    if (value === undefined || value === null) return [];
    const text = JSON.stringify(value);
    return [{ path, text, bytes: lengthOf(text) }];
  });
}

function itemsOf(name: string, value: unknown): [path: string, value: unknown][] {
  return Array.isArray(value) ? value.map((one, i) => [`${name}[${i}]`, one]) : [[name, value]];
}

export function lengthOf(text: string): number {
  return encoder.encode(text).length;
}

/** What two prompts have in common from their beginnings. */
export type Shared = {
  bytes: number;
  /** The first piece that differs; as many as there are: none does. */
  index: number;
  /** Characters of it that are the same. */
  offset: number;
};

export function sharedBy(a: readonly Piece[], b: readonly Piece[]): Shared {
  let [index, bytes] = [0, 0];
  for (; index < a.length && index < b.length && a[index]!.text === b[index]!.text; index++)
    bytes += b[index]!.bytes;
  const [one, other] = [a[index]?.text ?? "", b[index]?.text ?? ""];
  const offset = commonStart(one, other);
  return { bytes: bytes + lengthOf(other.slice(0, offset)), index, offset };
}

export function commonStart(a: string, b: string): number {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  return start;
}
