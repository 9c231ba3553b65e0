import { appendFileSync, writeFileSync } from "node:fs";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { figuresOf, type Report, toJson, toText } from "./figures.ts";

const blanks: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

type Say = (text: string) => void;

/**
 * The text of `-w` as curl makes it: `%{variable}`, `%header{name}`, `%%`, `\n`. Pieces for elsewhere
 * (`%{stderr}`, `%output{file}`) go there; what is for standard output is returned.
 */
export function formatWriteOut(format: string, report: Report, stderr: Say): string {
  const figures = figuresOf(report);
  const { headers, error } = report.transfer;
  let text = "";
  const stdout: Say = (piece) => {
    text += piece;
  };
  let say = stdout;

  for (const [whole, blank, place, name] of format.matchAll(token)) {
    if (whole === "%%") say("%");
    else if (blank !== undefined) say(blanks[blank]!);
    else if (name === undefined) say(whole);
    else if (place === "header") say(headerOf(headers, name.toLowerCase()) ?? "");
    else if (place === "output") say = toFile(name);
    else if (name === "stdout") say = stdout;
    else if (name === "stderr") say = stderr;
    else if (name === "json") say(toJson(figures, report.startedAt));
    else if (name === "header_json") say(headersToJson(headers));
    else if (Object.hasOwn(figures, name)) say(toText(name, figures[name]!, report.startedAt));
    else if (name !== "onerror") stderr(`relay curl: unknown --write-out variable: '${name}'\n`);
    else if (!error) return text;
  }
  return text;
}

const token = /%%|\\([nrt])|%(header|output)?\{([^}]*)\}|[^%\\]+|./gs;

/** `%output{file}` writes a file anew, `%output{>>file}` goes on with it. */
function toFile(name: string): Say {
  const path = name.replace(/^>>/, "");
  if (path === name) writeFileSync(path, "");
  return (text) => appendFileSync(path, text);
}

/** Every name once, in lower case, with all its values: curl's form and line ends. */
function headersToJson(headers: HeaderList): string {
  const values = new Map<string, string[]>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    values.set(name, [...(values.get(name) ?? []), headers[i + 1]!]);
  }
  const lines = Array.from(values, (pair) => pair.map((part) => JSON.stringify(part)).join(":"));
  return `{${lines.join(",\n")}\n}`;
}
