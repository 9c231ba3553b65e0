import { randomBytes } from "node:crypto";
import { basename, extname } from "node:path";
import { badUsage } from "./failure.ts";
import { openBlob } from "./input.ts";
import type { BodyPart } from "./options.ts";

type Field = { name: string; content: Blob; path?: string; filename?: string; type?: string };

/**
 * The fields of `-F` as multipart/form-data, byte for byte as curl frames them; files stay on disk
 * until they are sent. `FormData` would rewrite line ends and name a file for every typed field.
 */
export async function toMultipart(parts: BodyPart[]): Promise<{ content: Blob; type: string }> {
  const boundary = "-".repeat(24) + randomBytes(8).toString("hex");
  const pieces: (string | Blob)[] = [];
  for (const part of parts) {
    const field = await toField(part);
    pieces.push(`--${boundary}\r\n${fieldHead(field)}\r\n\r\n`, field.content, "\r\n");
  }
  pieces.push(`--${boundary}--\r\n`);
  return { content: new Blob(pieces), type: `multipart/form-data; boundary=${boundary}` };
}

function fieldHead({ name, path, filename, type = guessType(filename, path) }: Field): string {
  let head = "Content-Disposition: form-data";
  if (name) head += `; name="${percentEncode(name)}"`;
  if (filename !== undefined) head += `; filename="${percentEncode(filename)}"`;
  return type ? `${head}\r\nContent-Type: ${type}` : head;
}

/** `name=value`, `name=@file` or `name=<file`, with `;type=` and `;filename=` behind. */
async function toField({ kind, value: text }: BodyPart): Promise<Field> {
  const equals = text.indexOf("=");
  if (equals < 0) throw badUsage(`-F ${text}: a form field is written name=value`);
  const name = text.slice(0, equals);
  const rest = text.slice(equals + 1);
  if (kind === "formString") return { name, content: new Blob([rest]) };

  const sign = /^[@<]/.exec(rest)?.[0] ?? "";
  const [value = "", ...settings] = splitAtSemicolons(rest.slice(sign.length));
  if (sign === "@" && value.includes(",") && !rest.startsWith('@"'))
    throw badUsage(`-F ${text}: one file a field; quote a name that has a comma`);
  const field: Field = { name, content: sign ? await openBlob(value) : new Blob([value]) };
  if (sign && value !== "-") field.path = value;
  if (sign === "@") field.filename = basename(value);
  return Object.assign(field, toSettings(settings, text));
}

function toSettings(settings: string[], text: string): Pick<Field, "type" | "filename"> {
  const found: Pick<Field, "type" | "filename"> = {};
  for (const setting of settings) {
    const [, key, value] = /^\s*(type|filename)=(.*)$/s.exec(setting) ?? [];
    if (key === "type" || key === "filename") found[key] = value!;
    // A media type may have parameters of its own: type=text/plain;charset=utf-8
    else if (found.type) found.type += `;${setting}`;
    else throw badUsage(`-F ${text}: only ;type= and ;filename= may follow a value`);
  }
  return found;
}

/** A value in double quotes may contain semicolons; `\` escapes a quote or itself there. */
const value = /(?:^|;)(\s*(?:type=|filename=)?)(?:"((?:\\.|[^"\\])*)"|([^;]*))/gs;

function splitAtSemicolons(text: string): string[] {
  return Array.from(text.matchAll(value), ([, before, quoted, plain]) => {
    return before + (quoted?.replace(/\\(["\\])/g, "$1") ?? plain ?? "");
  });
}

const codes: Record<string, string> = { '"': "%22", "\r": "%0D", "\n": "%0A" };

function percentEncode(text: string): string {
  return text.replace(/["\r\n]/g, (character) => codes[character]!);
}

/** The types curl knows by the ends of names. */
const types: Record<string, string> = {
  ".gif": "image/gif",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".htm": "text/html",
  ".html": "text/html",
  ".pdf": "application/pdf",
  ".xml": "application/xml",
};

function guessType(filename: string | undefined, path: string | undefined): string | undefined {
  if (filename === undefined) return undefined;
  const byName = (name = "") => types[extname(name).toLowerCase()];
  return byName(filename) ?? byName(path) ?? (path && "application/octet-stream");
}
