import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { exposureOf } from "../config/exposure.ts";
import { toText } from "../config/read.ts";
import { printable } from "../config/shown.ts";
import { keyMissing } from "../errors.ts";
import type { Source } from "./source.ts";

/** A file that holds the key and nothing else; `-` is standard input. */
export function fromFile(file: string): Source | undefined {
  if (file === "") return undefined;
  if (file === "-")
    return {
      kind: "input",
      name: "standard input",
      read: () => readOnce(file, () => buffer(process.stdin)),
    };

  const isLasting = isRegular(file);

  async function read(): Promise<string> {
    if (exposureOf(file) === "open") {
      const message = `The API key in ${printable(file)} is not used: others on this machine may read it.`;
      throw keyMissing(`${message} Run: chmod 600 ${printable(file)}`);
    }
    return isLasting ? toText(await readFile(file)) : readOnce(file, () => readFile(file));
  }
  const name = `file ${printable(file)}`;
  return { kind: "file", name, read, ...(isLasting && { againMs: 0 }) };
}

/** What was read once. */
const said = new Map<string, Promise<string>>();

/** A pipe (`<(op read …)`) says what it has to say only once, and settings are read anew. */
function readOnce(file: string, read: () => Promise<Buffer>): Promise<string> {
  const text = said.get(file) ?? read().then(toText);
  said.set(file, text);
  return text;
}

function isRegular(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
}
