import { Readable } from "node:stream";
import { badUsage } from "./failure.ts";
import { toMultipart } from "./form.ts";
import { findStream, readInput, type Source } from "./input.ts";
import type { BodyPart, CurlOptions } from "./options.ts";

/** What is to be sent: its bytes, how many if that is known, and the media type curl gives them. */
export type Body = { content: Buffer | Source; length?: number; type?: string };

/** Puts `-d`, `--json`, `-F` and `-T` together; `null` when there is nothing to send. */
export async function createBody(options: CurlOptions): Promise<Body | null> {
  const { body: parts = [], uploadFile } = options;
  const isForm = parts.some(({ kind }) => isField(kind));
  if (parts.some(({ kind }) => isField(kind) !== isForm) || (uploadFile && parts[0])) {
    throw badUsage("-d, -F and -T exclude each other");
  }
  if (uploadFile) return findStream(uploadFile);
  if (!parts[0]) return null;
  if (isForm) {
    const { content, type } = await toMultipart(parts);
    const source = { open: () => Readable.from(content.stream()) };
    return { content: source, length: content.size, type };
  }
  const content = await joinData(parts);
  return { content, length: content.length, type: "application/x-www-form-urlencoded" };
}

function isField(kind: BodyPart["kind"]): boolean {
  return kind === "form" || kind === "formString";
}

/** Pieces of data one after the other, with `&` between, except before JSON. */
export async function joinData(parts: BodyPart[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const part of parts) {
    if (pieces[0] && part.kind !== "json") pieces.push(Buffer.from("&"));
    pieces.push(await read[part.kind]!(part.value));
  }
  return Buffer.concat(pieces);
}

async function textOrFile(value: string): Promise<Buffer> {
  return value.startsWith("@") ? readInput(value.slice(1)) : Buffer.from(value);
}

/** How each kind of data reads its value. */
const read: Record<string, (value: string) => Promise<Buffer>> = {
  raw: async (value) => Buffer.from(value),
  binary: textOrFile,
  json: textOrFile,
  // curl takes line ends and NULs out of files, so that a text file fits a form.
  data: async (value) => {
    const bytes = await textOrFile(value);
    if (!value.startsWith("@")) return bytes;
    return Buffer.from(bytes.filter((byte) => byte !== 13 && byte !== 10 && byte !== 0));
  },
  urlencode: urlEncode,
};

/** `text`, `=text`, `name=text`, `@file` or `name@file`. */
export async function urlEncode(value: string): Promise<Buffer> {
  const at = value.search(/[=@]/);
  const name = at < 0 ? "" : value.slice(0, at);
  const rest = Buffer.from(value.slice(at + 1));
  const content = value[at] === "@" ? await readInput(rest.toString()) : rest;
  const encoded = content.toString("latin1").replace(/[^\w.~-]/g, (character) => {
    return character === " "
      ? "+"
      : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return Buffer.from(name ? `${name}=${encoded}` : encoded);
}
