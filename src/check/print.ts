import { styleText } from "node:util";
import type { Check, Report } from "./report.ts";

type Look = { sign: string; plain: string; colour: "green" | "yellow" | "gray" | "red" | "cyan" };

const looks: Record<Check["status"] | "running", Look> = {
  running: { sign: "…", plain: ".", colour: "cyan" },
  passed: { sign: "✓", plain: "+", colour: "green" },
  warning: { sign: "!", plain: "!", colour: "yellow" },
  skipped: { sign: "–", plain: "-", colour: "gray" },
  failed: { sign: "✗", plain: "x", colour: "red" },
};

/** Columns in front of what a step says: two, the mark, one, the name, one. */
const indent = 14;
const timeWidth = 9;

/** One step of the checklist: what was found, how long it took, and what to do. */
export function formatCheck({ name, status, ms, detail, hint, notes = [] }: Check): string {
  const isSkipped = status === "skipped";
  const time = isSkipped ? "" : `${ms} ms`;
  const width = terminalWidth() - indent;
  const room = width - timeWidth - Math.max(0, name.length - (indent - 5));
  const [first = "", ...rest] = wrap(toTerminal(detail), room);
  const lines = [
    `${first.padEnd(room)}${time.padStart(timeWidth)}`.trimEnd(),
    ...rest,
    ...notes.flatMap((note) => wrap(toTerminal(note), width - 2).map((line) => `  ${line}`)),
    ...wrap(hint ? `Next: ${toTerminal(hint)}` : "", width),
  ];
  const text = `${name.padEnd(indent - 5)} ${lines.join(`\n${" ".repeat(indent)}`)}`;
  return `  ${mark(status)} ${isSkipped ? paint("gray", text) : text}\n`;
}

/** The step that is being taken, on a line that will be written over. */
export function formatRunning(name: string, doing: string, seconds: number): string {
  const since = seconds > 0 ? ` (${seconds} s)` : "";
  const room = terminalWidth() - indent - since.length - 1;
  const text = toTerminal(doing).slice(0, room) + since;
  return `  ${mark("running")} ${name.padEnd(indent - 5)} ${text.trim()}`;
}

export function formatSummary({ checks }: Report): string {
  const count = (wanted: Check["status"]) =>
    checks.filter(({ status }) => status === wanted).length;
  const parts = [
    `${count("passed")} passed`,
    ...(count("warning") ? [`${count("warning")} with a warning`] : []),
    ...(count("failed") ? [`${count("failed")} failed`] : []),
    ...(count("skipped") ? [`${count("skipped")} skipped`] : []),
  ];
  const seconds = checks.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  return toTerminal(`\n${parts.join(", ")} – ${seconds.toFixed(1)} s\n`);
}

/** Lines of at most `width` characters; words stay whole, for somebody may want to copy one. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function terminalWidth(): number {
  return Math.min(100, Math.max(50, process.stdout.columns || 80));
}

function mark(status: keyof typeof looks): string {
  const { sign, plain, colour } = looks[status];
  return paint(colour, unicode ? sign : plain);
}

/** Decided here: left to Node, FORCE_COLOR would beat NO_COLOR, with a warning. */
function paint(colour: Look["colour"], text: string): string {
  return process.env.NO_COLOR ? text : styleText(colour, text, { stream: process.stdout });
}

/** Whether signs beyond ASCII are to be trusted: not on an old Windows console, nor in a plain locale. */
const unicode = canUnicode(process.env);

function canUnicode(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === "win32") return Boolean(env.WT_SESSION || env.TERM_PROGRAM);
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "UTF-8";
  return env.TERM !== "linux" && /utf-?8/i.test(locale);
}

const plainSigns: Record<string, string> = { "→": "->", "…": "...", "–": "-" };

function toTerminal(text: string): string {
  return unicode ? text : text.replace(/[→…–]/g, (sign) => plainSigns[sign]!);
}
