import { printable } from "../config/shown.ts";
import { ExitError } from "../exit.ts";
import type { Call } from "../journal/call.ts";
import { openReader, type Reader } from "../journal/reader.ts";
import { type Difference, diffBodies, diffHeaders, diffValues } from "../story/diff.ts";
import { textOf } from "../story/json.ts";
import type { Message } from "../story/message.ts";
import { textIn } from "../story/text.ts";
import { columnsOf, cut } from "../terminal/columns.ts";
import { createPaint } from "../terminal/paint.ts";
import {
  answerOf,
  bytesOf,
  type Captured,
  findCall,
  notCaptured,
  promptOf,
  readCaptured,
} from "./captured.ts";
import type { Page } from "./text.ts";

/** How two calls of the journal in `file` differ. Returns whether they do. */
export async function diffCalls(
  file: string,
  [a, b]: readonly [string, string],
  options: { json?: true },
): Promise<boolean> {
  const reader = openReader(file);
  try {
    const [before, after] = [await capturedOf(reader, a), await capturedOf(reader, b)];
    const found = {
      request: diffRequests(before, after),
      answer: await diffAnswers(before, after),
    };
    if (options.json) process.stdout.write(`${JSON.stringify({ version: 1, ...found })}\n`);
    else print(found, before.call, after.call);
    return found.request.length + found.answer.length > 0;
  } finally {
    reader.close();
  }
}

async function capturedOf(reader: Reader, id: string): Promise<Captured> {
  const call = findCall(reader, id);
  const captured = await readCaptured(reader, call);
  if (!captured) throw new ExitError(1, notCaptured(call));
  return captured;
}

export function diffRequests(a: Captured, b: Captured): Difference[] {
  return [
    ...diffValues("method", a.call.method, b.call.method),
    ...diffValues("target", a.heads.target, b.heads.target),
    ...diffHeaders(a.heads.asked, b.heads.asked),
    ...diffBodies(bodyText(a.asked), bodyText(b.asked)),
  ];
}

/** Of answers what they say: no two streams are cut alike. */
export async function diffAnswers(a: Captured, b: Captured): Promise<Difference[]> {
  const [was, is] = [await messageOf(a), await messageOf(b)];
  const isSaid = was.items.length + is.items.length > 0;
  return [
    ...diffValues("status", a.call.status, b.call.status),
    ...diffValues("ending", a.call.ending, b.call.ending),
    ...diffHeaders(a.heads.answered, b.heads.answered),
    ...(isSaid
      ? diffValues("", said(was), said(is))
      : diffBodies(bodyText(a.answered), bodyText(b.answered))),
  ];
}

async function messageOf(captured: Captured): Promise<Message> {
  return answerOf(captured, await promptOf(captured)).message;
}

/** Without ids, which are never twice the same. */
function said({ items, model, finish, error }: Message): object {
  const parts = items.map((item) => {
    if ("mime" in item) return { kind: item.kind, mime: item.mime };
    if (item.kind !== "call") return { [item.kind]: item.text };
    return { call: item.name, arguments: item.arguments };
  });
  return { said: parts, model, finish, error };
}

function bodyText(slices: Captured["asked"]): string {
  const bytes = bytesOf(slices);
  return textIn(bytes) ?? `${bytes.length} bytes: ${Buffer.from(bytes).toString("base64")}`;
}

function print(found: { [part: string]: Difference[] }, a: Call, b: Call): void {
  const { stdout } = process;
  const page: Page = { width: columnsOf(stdout), paint: createPaint(stdout) };
  const parts = Object.entries(found).filter(([, differences]) => differences.length > 0);
  const lines = parts.flatMap(([part, differences]) => [
    page.paint("bold", part),
    ...differences.flatMap((one) => toLines(one, page)),
  ]);
  if (lines.length === 0) process.stderr.write(`Calls ${a.seq} and ${b.seq} say the same.\n`);
  else stdout.write(`${lines.join("\n")}\n`);
}

/** A place, what is there before and after it in lines of their own. */
export function toLines({ path, before, after, changes }: Difference, page: Page): string[] {
  const { paint, width } = page;
  const where = `  ${paint("cyan", printable(path))}`;
  if (changes) return [where, ...changedLines(changes, page)];
  const side = (sign: string, value: unknown) =>
    cut(`    ${sign} ${printable(textOf(value))}`, width);
  return [
    where,
    ...(before === undefined ? [] : [paint("red", side("-", before))]),
    ...(after === undefined ? [] : [paint("green", side("+", after))]),
  ];
}

/** Characters of what is the same that stand around a change. */
const around = 60;

/** A text as it became another one: what was removed in [-…-], what was added in {+…+}. */
function changedLines(changes: NonNullable<Difference["changes"]>, { paint }: Page): string[] {
  const text = changes.map(({ kind, text }, i) => {
    if (kind === "same") return excerpt(text, i === 0, i === changes.length - 1);
    const isWhole = text.includes("\n");
    const [open, close] = kind === "removed" ? ["[-", "-]"] : ["{+", "+}"];
    const colour = kind === "removed" ? "red" : "green";
    const lines = text
      .split("\n")
      .map((line) => (line === "" ? "" : paint(colour, printable(line))));
    return isWhole ? open + lines.join("\n") + close : `${open}${lines[0]}${close}`;
  });
  return text
    .join("")
    .split("\n")
    .map((line) => `    ${line}`);
}

/** The beginning and the end of what is the same, where it is long. */
function excerpt(text: string, isFirst: boolean, isLast: boolean): string {
  const lines = (part: string) => part.split("\n").map(printable).join("\n");
  if (text.length <= 2 * around) return lines(text);
  const start = isFirst ? "" : text.slice(0, around);
  const end = isLast ? "" : text.slice(-around);
  return `${lines(start)}…${lines(end)}`;
}
