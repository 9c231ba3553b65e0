import { printable } from "../config/shown.ts";
import { ExitError } from "../exit.ts";
import type { Side } from "../journal/call.ts";
import { openReader, type Reader } from "../journal/reader.ts";
import type { StreamEvent } from "../story/events.ts";
import { wordsOf } from "../story/message.ts";
import { toNode, toPython } from "../story/sdk.ts";
import { type Request, type Snippet, toCurl } from "../story/snippet.ts";
import { textIn } from "../story/text.ts";
import { columnsOf } from "../terminal/columns.ts";
import { createPaint } from "../terminal/paint.ts";
import {
  answerOf,
  bytesOf,
  type Captured,
  eventsOf,
  findCall,
  notCaptured,
  promptOf,
  readCaptured,
} from "./captured.ts";
import { eventLines } from "./events.ts";
import { toJson } from "./json.ts";
import { aboutBodies, aboutCall, type Page, withoutBodies } from "./text.ts";

export const snippets = { curl: toCurl, node: toNode, python: toPython };

export type ShowOptions = {
  events?: true;
  message?: true;
  body?: Side;
  raw?: Side;
  as?: keyof typeof snippets;
  json?: true;
};

/** Shows a call of the journal in `file`. */
export async function showCall(file: string, id: string, options: ShowOptions): Promise<void> {
  const reader = openReader(file);
  try {
    await show(reader, id, options);
  } finally {
    reader.close();
  }
}

async function show(reader: Reader, id: string, options: ShowOptions): Promise<void> {
  const { stdout } = process;
  const page: Page = { width: columnsOf(stdout), paint: createPaint(stdout) };
  const call = findCall(reader, id);
  const captured = await readCaptured(reader, call);
  const { events, message, body, raw, as, json } = options;
  if (!captured) {
    if (events || message || body || raw || as) throw new ExitError(1, notCaptured(call));
    if (json) print(JSON.stringify(toJson(call)));
    else printLines([...aboutCall(call, [], page), ...withoutBodies(call, page)]);
    return;
  }
  if (raw) return printBytes(bytesOf(reader.slices(call.seq, raw).slices));
  if (body) return printBytes(bytesOf(captured[body]));
  if (as) return printSnippet(snippets[as](toRequest(captured)));

  const prompt = await promptOf(captured);
  const answer = answerOf(captured, prompt);
  if (json) print(JSON.stringify(toJson(call, captured, prompt, answer)));
  else if (events) printEvents(eventsOf(captured, answer), page);
  else if (message) printMessage(wordsOf(answer.message));
  else {
    const times = captured.answered.map(({ at }) => at);
    printLines([...aboutCall(call, times, page), ...aboutBodies(captured, prompt, answer, page)]);
  }
}

function toRequest({ call, heads, asked }: Captured): Request {
  const { id, method, relay } = call;
  if (call.kind === "websocket")
    throw new ExitError(1, "A WebSocket is a conversation: no single command makes it again.");
  return {
    ...{ id, method, baseUrl: relay.url, target: heads.target, headers: heads.asked },
    body: bytesOf(asked),
  };
}

function printSnippet({ code, remark }: Snippet): void {
  if (remark !== undefined) process.stderr.write(`${printable(remark)}\n`);
  if (code !== "") printText(code);
}

function printEvents(events: readonly StreamEvent[], page: Page): void {
  if (events.length === 0) throw new ExitError(1, "No events are in this answer.");
  printLines(eventLines(events, page));
}

function printMessage(words: string): void {
  if (words === "") throw new ExitError(1, "No words of a model are in this answer.");
  printText(words);
}

/** As it is for a program; a terminal obeys nothing of it. */
function printText(text: string): void {
  const isTerminal = process.stdout.isTTY;
  print(isTerminal ? text.split(/\r?\n/).map(printable).join("\n") : text);
}

function printBytes(bytes: Uint8Array): void {
  if (!process.stdout.isTTY) {
    process.stdout.write(bytes);
    return;
  }
  const text = textIn(bytes);
  if (text === undefined)
    throw new ExitError(1, "These bytes are no text. Send them to a file: add > file");
  printText(text);
}

function printLines(lines: Iterable<string>): void {
  let text = "";
  for (const line of lines) text += `${line}\n`;
  process.stdout.write(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
