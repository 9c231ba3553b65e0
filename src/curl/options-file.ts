import { readFileSync } from "node:fs";
import { unreadable } from "./failure.ts";

/** The words of a file of `-K`: an option a line, with its value after space, `=` or `:`. */
export function readOptionsFile(path: string): string[] {
  return read(path)
    .split(/\r?\n/)
    .flatMap((line) => toWords(line.trim()));
}

function read(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function toWords(line: string): string[] {
  const [, name, text] = /^([^\s=:#]+)\s*[=:]?\s*(.*)$/s.exec(line) ?? [];
  if (name === undefined || text === undefined) return [];
  const option = name.startsWith("-") ? name : `--${name}`;
  if (text === "") return [option];
  return [option, text.startsWith('"') ? unquote(text) : text.split(/\s/, 1)[0]!];
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", v: "\v" };

/** `"a \"b\"\n"`: what follows the closing quote is a comment. */
function unquote(text: string): string {
  const [, inner = ""] = /^"((?:\\.|[^"\\])*)/s.exec(text) ?? [];
  return inner.replace(/\\(.)/gs, (_all, letter) => escapes[letter] ?? letter);
}
