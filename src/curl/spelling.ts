import { Option } from "commander";
import { didYouMean } from "../config/nearest.ts";
import { badUsage } from "./failure.ts";
import { readOptionsFile } from "./options-file.ts";
import { refusalOf } from "./refused.ts";
import { synonyms } from "./table.ts";

/** One of the words that curl's grammar makes of a command line: an option, or else an operand. */
export type Word = { option?: Option; value?: string };

/** An option that is spelled as in curl, without `=` before its value. */
export const ofCurl = new WeakSet<Option>();

/** Reads a command line as curl does: `-sSfd x`, `-dx`, `--data x`, `-K file`. */
export function toWords(args: readonly string[], options: readonly Option[]): Word[] {
  const words: Word[] = [];
  const rest = [...args];
  let onlyOperands = false;

  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    if (onlyOperands || text === "-" || !text.startsWith("-")) words.push({ value: text });
    else if (text === "--") onlyOperands = true;
    else if (text.startsWith("--")) readLong(text);
    else readShorts(text.slice(1));
  }
  return words;

  function readLong(text: string): void {
    const [name, glued] = splitAtEquals(text);
    const option = find(name, options);
    if (glued !== undefined && ofCurl.has(option))
      throw badUsage(`${text}: curl writes the value as a word of its own, ${name} <value>`);
    take(name, option, glued);
  }

  /** Letters in a row; the first that wants a value gets what is left. */
  function readShorts(letters: string): void {
    for (let i = 0; i < letters.length; i++) {
      const name = `-${letters[i]}`;
      const after = letters.slice(i + 1) || undefined;
      if (name === "-K") {
        rest.unshift(...readOptionsFile(after ?? next(name)));
        return;
      }
      const option = find(name, options);
      if (option.required) {
        take(name, option, after);
        return;
      }
      take(name, option, undefined);
    }
  }

  function take(name: string, option: Option, glued: string | undefined): void {
    words.push(option.required ? { option, value: glued ?? next(name) } : { option });
  }

  function next(name: string): string {
    const value = rest.shift();
    if (value === undefined) throw badUsage(`${name} wants a value`);
    return value;
  }
}

/** The same command line as commander reads it. */
export function toArgs(words: readonly Word[]): string[] {
  const options = words.filter(({ option }) => option);
  const operands = words.filter(({ option }) => !option);
  return [
    ...options.flatMap(({ option, value }) => [
      option!.long!,
      ...(value === undefined ? [] : [value]),
    ]),
    "--",
    ...operands.map(({ value }) => value!),
  ];
}

function splitAtEquals(text: string): [name: string, value?: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const help = new Option("-h, --help");

function find(name: string, options: readonly Option[]): Option {
  const known = synonyms[name] ?? name;
  const option = [help, ...options].find(({ long, short }) => long === known || short === known);
  if (option) return option;
  const why = refusalOf(name);
  if (why !== undefined) throw badUsage(`${name} is not taken: ${why}`);
  const long = options.map(({ long }) => long!);
  const near = name.startsWith("--") ? didYouMean(name, long) : "";
  throw badUsage(
    `unknown option '${name}'.${near} (--print-curl prints a line for curl itself, which has more.)`,
  );
}
