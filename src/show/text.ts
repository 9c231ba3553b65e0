import { printable } from "../config/shown.ts";
import type { Call, HeaderPairs } from "../journal/call.ts";
import type { Answer } from "../story/answer.ts";
import { bytesOf as bytesOfMedia } from "../story/media.ts";
import type { Item, Message } from "../story/message.ts";
import type { Prompt, PromptPart } from "../story/prompt.ts";
import { toTimeline } from "../story/timeline.ts";
import { colourOf, nameOf } from "../terminal/call-columns.ts";
import { cut } from "../terminal/columns.ts";
import { toClock } from "../terminal/figures.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Captured, eventsOf, notCaptured, sizeOf } from "./captured.ts";
import { toChart } from "./chart.ts";
import { grouped, toFigures } from "./figures.ts";
import { folded } from "./fold.ts";

/** How lines are laid out: `width` may be infinite, then nothing is left out. */
export type Page = { width: number; paint: Paint };

/** What the journal knows of any call: what became of it, when, and what it used. */
export function aboutCall(call: Call, slices: readonly number[], page: Page): string[] {
  const { paint, width } = page;
  const { model, client, tag, again, relay, error, errorMessage, usage } = call;
  const facts = [
    ...[toClock(call.startedAt), model, client && `client ${client}`, tag && `tag ${tag}`],
    ...[again && `sent again: ${again}`, `relay ${relay.command}`],
  ].filter((fact) => fact);
  const why = [error, errorMessage].filter((text) => text).join(": ");
  const now = call.ending === undefined ? Date.now() - call.startedAt : undefined;
  const figures = toFigures(call);
  const end = `${call.status || "no answer"}, ${endOf(call)}`;
  return [
    `${paint("bold", nameOf(call))}  ${paint(colourOf(call) ?? "bold", end)}`,
    paint("dim", printable(`call ${call.seq} (${call.id}), ${facts.join(", ")}`)),
    ...(why ? [paint("red", printable(why))] : []),
    "",
    ...toChart(toTimeline(call, slices, now), width, paint),
    ...(figures || usage ? ["", `${"tokens".padEnd(12)}${figures}`] : []),
    `${"bytes".padEnd(12)}${grouped(call.bytesIn)} up, ${grouped(call.bytesOut)} down in ${grouped(call.slices)} slice${call.slices === 1 ? "" : "s"}`,
  ];
}

function endOf({ ending }: Call): string {
  if (ending === undefined) return "runs";
  return ending.replace("_", " ");
}

/** Request and answer as people read them. */
export function aboutBodies(
  captured: Captured,
  prompt: Prompt,
  answer: Answer,
  page: Page,
): string[] {
  const { message, hasEvents } = answer;
  const { heads, answered, call, problems } = captured;
  const { paint } = page;
  const title = (text: string) => ["", paint("bold", text)];
  return [
    ...title("Request"),
    paint("dim", `  ${printable(`${call.method} ${heads.target}`)}`),
    ...toHeaders(heads.asked, page),
    ...toPrompt(prompt, page),
    ...title("Answer"),
    ...toHeaders(heads.answered, page),
    ...toMessage(message, page),
    ...(hasEvents
      ? [row("events", `${grouped(eventsOf(captured, answer).length)} (--events shows them)`, page)]
      : []),
    ...(message.items.length === 0 && !hasEvents && sizeOf(answered) > 0
      ? [row("body", `${grouped(sizeOf(answered))} bytes (--body shows them)`, page)]
      : []),
    ...problems.map((problem) => paint("yellow", `  ${printable(problem)}`)),
  ];
}

export function withoutBodies(call: Call, { paint }: Page): string[] {
  return ["", paint("yellow", notCaptured(call))];
}

function toHeaders(headers: HeaderPairs | undefined, { width, paint }: Page): string[] {
  return (headers ?? []).map(([name, value]) => {
    return paint("dim", cut(`  ${printable(`${name}: ${value}`)}`, width));
  });
}

function toPrompt({ model, parameters, parts, problem }: Prompt, page: Page): string[] {
  const rows = [...(model === undefined ? [] : [["model", model] as const]), ...parameters];
  const isAny = rows.length + parts.length > 0 || problem !== undefined;
  return [
    ...(isAny ? [""] : []),
    ...rows.map(([name, value]) => row(name, value, page)),
    ...parts.flatMap((part) => {
      // Of tools there are many, and long ones.
      const isLong = part.kind === "tool" || part.kind === "image" || part.kind === "audio";
      return isLong
        ? [row(labelOf(part), part.text, page)]
        : block(labelOf(part), part.text, page, "dim", mostAsked);
    }),
    ...(problem === undefined ? [] : [page.paint("yellow", `  ${problem}`)]),
  ];
}

function labelOf({ role, kind, name }: PromptPart): string {
  if (kind === "text") return role;
  return `${role === "tools" ? "" : `${role} `}${kind}${name ? ` ${name}` : ""}`;
}

function toMessage(message: Message, page: Page): string[] {
  const { items, finish, error, problems } = message;
  return [
    ...(items.length > 0 || error ? [""] : []),
    ...items.flatMap((item) => toItem(item, page)),
    ...(finish === undefined ? [] : [row("finish", finish, page)]),
    ...(error
      ? block(`error ${error.code ?? error.type ?? ""}`.trim(), error.message, page, "red")
      : []),
    ...problems.slice(0, 10).map((problem) => page.paint("yellow", `  ${printable(problem)}`)),
  ];
}

function toItem(item: Item, page: Page): string[] {
  const of = item.choice > 0 ? ` (choice ${item.choice})` : "";
  if (item.kind === "call") {
    const called = block(`call ${item.name}${of}`, item.arguments, page, "cyan");
    return item.output ? [...called, ...block("output", item.output, page)] : called;
  }
  if ("text" in item) return block(item.kind + of, item.text, page);
  const where = item.url ?? `${item.mime}, ${grouped(bytesOfMedia(item).length)} bytes`;
  return [row(item.kind + of, where, page)];
}

/** Lines of a text that are shown on a terminal: of what was asked, and of the answer. */
const [mostAsked, mostAnswered] = [12, 60];

const indent = 14;

/** A name, and a text beside it. */
function row(name: string, text: string, { width, paint }: Page): string {
  const label = printable(name);
  const [pad, room] = [label.padEnd(indent - 3), width - indent];
  return `  ${paint("dim", pad)} ${cut(printable(text), room - Math.max(0, label.length - indent + 3))}`;
}

/** The same for a text of several lines, which stands below where it has some. */
function block(
  name: string,
  text: string,
  { width, paint }: Page,
  colour: "cyan" | "red" | "dim" = "dim",
  most = mostAnswered,
): string[] {
  const label = printable(name);
  const isTerminal = Number.isFinite(width);
  const lines = text
    .split(/\r?\n/)
    .flatMap((line) => folded(printable(line.replaceAll("\t", "    ")), width - indent));
  const shown = isTerminal ? lines.slice(0, most) : lines;
  const left = lines.length - shown.length;
  if (left > 0) shown.push(paint("dim", `… ${grouped(left)} more lines (all of them: | cat)`));
  const head = `  ${paint(colour, label.padEnd(indent - 3))}`;
  const rest = shown.map((line) => `${" ".repeat(indent)}${line}`);
  if (label.length > indent - 3) return [head.trimEnd(), ...rest];
  return [`${head} ${shown[0] ?? ""}`.trimEnd(), ...rest.slice(1)];
}
