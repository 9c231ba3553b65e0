import { styleText } from "node:util";
import type { Report } from "./run.ts";
import type { Check } from "./step.ts";

type Look = { sign: string; plain: string; colour: "green" | "yellow" | "gray" | "red" };

const looks: Record<Check["status"], Look> = {
  passed: { sign: "✓", plain: "+", colour: "green" },
  warning: { sign: "!", plain: "!", colour: "yellow" },
  skipped: { sign: "–", plain: "-", colour: "gray" },
  failed: { sign: "✗", plain: "x", colour: "red" },
};

/** One line of the checklist, and one more when there is something to do. */
export function formatCheck({ name, status, ms, detail, hint }: Check): string {
  const { sign, plain, colour } = looks[status];
  const time = status === "skipped" ? "" : `${ms} ms`;
  const text = `${name.padEnd(8)} ${detail.padEnd(52)} ${time.padStart(8)}`.trimEnd();
  const next = hint ? `\n             Next: ${hint}` : "";
  const mark = paint(colour, unicode ? sign : plain);
  return `  ${mark} ${toTerminal(status === "skipped" ? paint("gray", text) : text + next)}\n`;
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
