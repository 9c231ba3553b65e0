import { type Body, type Case, isHandshake } from "./case.ts";
import type { Recording } from "./exchange.ts";
import type { Expected } from "./expected.ts";
import { asksToClose, type Line, type Message, trimmed, valuesOf } from "./wire.ts";

/** The part of an exchange in which something differs. */
export type Where =
  | "requests"
  | "request line"
  | "request headers"
  | "request framing"
  | "request body"
  | "request slices"
  | "interim answers"
  | "status line"
  | "answer headers"
  | "answer framing"
  | "answer body"
  | "answer slices"
  | "answer trailers"
  | "ending"
  | "connection";

export type Difference = { where: Where; expected: string; relayed: string };

/** What came through the relay otherwise than the contract has it. */
export function differencesOf(
  { ask, answers }: Case,
  direct: Recording,
  expected: Expected,
  relayed: Recording,
): Difference[] {
  const isLast = ask.version === "1.0" || asksToClose(ask.lines) || isHandshake(ask);
  const isOver = direct.ended !== "complete" || isLast;
  return [
    ...compared("ending", direct.ended, relayed.ended),
    ...requestDifferences(expected.requests, relayed.requests, ask.body),
    ...compared("interim answers", heads(expected.interim), heads(relayed.interim)),
    ...answerDifferences(expected.answer, relayed.answer, answers[0]!.body),
    ...compared("connection", isOver ? "closed" : "served", relayed.next),
  ];
}

/** What reached the upstream otherwise. */
export function requestDifferences(
  expected: Expected["requests"],
  relayed: readonly Message[],
  body?: Body,
): Difference[] {
  const found = compared("requests", titles(expected), titles(relayed));
  for (const [i, request] of expected.entries()) {
    const arrived = relayed[i];
    if (!arrived) break;
    const own = /^(host|connection|upgrade|transfer-encoding)$/i;
    const passed = arrived.lines.filter(([name]) => !own.test(name)).map(tidy);
    const host = valuesOf(arrived.lines, "host").join();
    found.push(
      ...compared("request line", request.first, arrived.first),
      ...compared("request headers", text(request.lines), text(passed)),
      ...compared("request headers", request.host, host),
      ...compared("request headers", request.protocol, protocolOf(arrived)),
      ...compared("request headers", "", strange(arrived)),
      ...compared("request framing", framing(request), framing(arrived)),
      ...comparedBytes("request body", request.body, arrived.body),
      ...comparedSlices("request slices", body, request, arrived),
    );
  }
  return found;
}

function answerDifferences(
  answer: Expected["answer"],
  got: Message | undefined,
  body: Body,
): Difference[] {
  if (!answer || !got)
    return compared("status line", answer?.first ?? "no answer", got?.first ?? "no answer");
  const own = /^(connection|upgrade|keep-alive|transfer-encoding)$/i;
  const passed = got.lines.filter(([name]) => !own.test(name)).map(tidy);
  return [
    ...compared("status line", answer.first, got.first),
    ...compared("answer headers", text(answer.lines), text(passed)),
    ...compared("answer headers", answer.protocol, protocolOf(got)),
    ...compared("answer headers", "", strange(got)),
    ...compared("answer framing", answer.framing, got.framing),
    ...comparedBytes("answer body", answer.body, got.body),
    ...comparedSlices("answer slices", body, answer, got),
    ...compared("answer trailers", text(answer.trailers), text(got.trailers.map(tidy))),
  ];
}

function compared(where: Where, expected: string, relayed: string): Difference[] {
  return expected === relayed ? [] : [{ where, expected, relayed }];
}

function comparedBytes(where: Where, expected: Buffer, relayed: Buffer): Difference[] {
  if (expected.equals(relayed)) return [];
  let at = 0;
  while (at < relayed.length && expected[at] === relayed[at]) at++;
  return [{ where, expected: around(expected, at), relayed: around(relayed, at) }];
}

/** Each slice ends a chunk, and no chunk ends where none ended before. */
function comparedSlices(
  where: Where,
  body: Body | undefined,
  wanted: Message,
  came: Message,
): Difference[] {
  if (!body?.paced || came.framing !== "chunked" || !came.whole) return [];
  let end = 0;
  const ends = body.slices.map(({ length }) => (end += length)).slice(0, -1);
  const may = wanted.marks.length > 0 ? wanted.marks : [...ends, end];
  const isCut = ends.every((at) => came.marks.includes(at));
  if (isCut && came.marks.every((at) => may.includes(at))) return [];
  const relayed = `chunks end at ${came.marks.join()}`;
  return [{ where, expected: `chunks end at ${ends.join()} and maybe ${may.join()}`, relayed }];
}

function titles(messages: readonly Message[]): string {
  return messages
    .map(({ first, whole }) => `${first.split(" ")[0]}${whole ? "" : ", cut off"}`)
    .join("; ");
}

function heads(messages: readonly Message[]): string {
  return messages.map(({ first, lines }) => `${first}\n${text(lines.map(tidy))}`).join("\n");
}

function framing({ framing, lengths }: Message): string {
  return `${framing} ${lengths.join()}`;
}

/** What the connection is to switch to. */
function protocolOf({ lines }: Message): string {
  const isNamed = valuesOf(lines, "connection").some((value) => /^upgrade$/i.test(value));
  return isNamed ? valuesOf(lines, "upgrade").join() : "";
}

/** Lines of the relay's own connection that say more than such lines have to. */
function strange({ lines }: Message): string {
  const usual: Record<string, RegExp> = {
    connection: /^(keep-alive|close|upgrade)$/i,
    "keep-alive": /^timeout=\d+$/,
    "transfer-encoding": /^chunked$/,
  };
  const names = lines.map(([name]) => name.toLowerCase());
  const odd = lines.filter(([name, value], i) => {
    const lower = name.toLowerCase();
    return usual[lower] && (!usual[lower].test(trimmed(value)) || names.indexOf(lower) < i);
  });
  return text(odd);
}

function tidy([name, value]: Line): Line {
  return [name, trimmed(value)];
}

function text(lines: readonly Line[]): string {
  return lines.map(([name, value]) => `${name}: ${value}`).join("\n");
}

/** Some bytes before and after a place, readable. */
function around(bytes: Buffer, at: number): string {
  const piece = bytes.subarray(Math.max(0, at - 30), at + 50).toString("latin1");
  return `${bytes.length} bytes, at ${at}: ${JSON.stringify(piece)}`;
}
