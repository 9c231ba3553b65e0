import type { HeaderList } from "../exchange.ts";
import type { Body } from "./body.ts";
import { badUsage } from "./failure.ts";
import { readInput } from "./input.ts";
import type { CurlOptions } from "./options.ts";

/** The header lines of a request, in curl's order: its own, those of `-H`, those about the body. */
export async function createHeaders(
  { header = [], userAgent, range, compressed, body: parts = [] }: CurlOptions,
  body: Body | null,
  { host, agent }: { host: string; agent: string },
): Promise<HeaderList> {
  const lines: HeaderLine[] = [];
  for (const text of header) lines.push(...(await readLines(text)));
  if (parts.some(({ kind }) => kind === "json")) {
    for (const name of ["Content-Type", "Accept"]) {
      if (!has(lines, name)) lines.push({ name, value: "application/json" });
    }
  }

  const before = [{ name: "Host", value: host }];
  if (range) before.push({ name: "Range", value: `bytes=${range}` });
  if (userAgent !== "") before.push({ name: "User-Agent", value: userAgent ?? agent });
  before.push({ name: "Accept", value: "*/*" });
  if (compressed) before.push({ name: "Accept-Encoding", value: "deflate, gzip, br, zstd" });
  const after: HeaderLine[] = body ? framing(lines, body) : [];
  if (body?.type) after.push({ name: "Content-Type", value: body.type });

  const isOwn = ({ name }: HeaderLine) => !has(lines, name);
  const all = [...before.filter(isOwn), ...lines, ...after.filter(isOwn)];
  return all.flatMap(({ name, value }) => (value === undefined ? [] : [name, toLatin1(value)]));
}

/** Without a value: the line that only keeps curl's own of that name away. */
type HeaderLine = { name: string; value: string | undefined };

function has(lines: HeaderLine[], name: string): boolean {
  return lines.some((line) => line.name.toLowerCase() === name.toLowerCase());
}

/** `Name: value`, `Name;` for an empty one, `Name:` for none; `@file` for lines from a file. */
async function readLines(text: string): Promise<HeaderLine[]> {
  if (text.startsWith("@")) {
    const file = await readInput(text.slice(1));
    return file.toString().split(/\r?\n/).flatMap(parseLine);
  }
  return parseLine(text);
}

/** One line of `-H`; nothing for what is no header. */
export function parseLine(text: string): HeaderLine[] {
  const [, name, sign, rest] = /^([^:;]*)([:;])\s*(.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined || (sign === ";" && rest)) return [];
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw badUsage(`"${name}" is not the name of a header`);
  // The length is always the true one: a wrong one would break the connection to the upstream.
  if (/^content-length$/i.test(name)) return [];
  return [{ name, value: sign === ";" ? "" : rest || undefined }];
}

function framing(lines: HeaderLine[], { length }: Body): HeaderLine[] {
  if (length === undefined) return [{ name: "Transfer-Encoding", value: "chunked" }];
  if (has(lines, "Transfer-Encoding")) return [];
  return [{ name: "Content-Length", value: String(length) }];
}

/** Header values travel as bytes, one character each. */
function toLatin1(value: string): string {
  if (/[\r\n\0]/.test(value)) throw badUsage("the value of a header is one line");
  return Buffer.from(value).toString("latin1");
}
