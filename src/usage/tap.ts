import { ClosingLines } from "./closing-lines.ts";
import type { Found } from "./found.ts";
import { key, memberAt } from "./member.ts";

/**
 * Reads from an answer, slice by slice as it passes, what it says about its cost. Nothing is parsed: in
 * JSON a quote within a text stands behind a backslash, so the bytes `"usage"` are a member's name.
 */
export class UsageTap {
  readonly #found: Found = { isClosed: false };
  readonly #lines: ClosingLines | undefined;
  /** What the next slice goes on with: the beginning of a member, if the last one ended in it. */
  #rest = "";

  constructor(kind: "json" | "events") {
    this.#lines = kind === "events" ? new ClosingLines() : undefined;
  }

  chunk(bytes: Buffer): void {
    const slice = bytes.toString("latin1");
    this.#lines?.read(slice);
    const text = this.#rest + slice;
    this.#rest = this.#names(text) ? this.#read(text) : beginning(text, 0);
  }

  found(): Found {
    return { ...this.#found, isClosed: this.#lines?.isClosed ?? false };
  }

  #names(text: string): boolean {
    return (
      text.includes('usage"') ||
      text.includes('service_tier"') ||
      (this.#found.model === undefined && text.includes('model"'))
    );
  }

  /** Takes what is there, and returns what must wait for the next slice. */
  #read(text: string): string {
    key.lastIndex = 0;
    let end = 0;
    for (let name = key.exec(text); name; name = key.exec(text)) {
      const member = memberAt(text, name.index, key.lastIndex);
      if (member === "cut") return copy(text.slice(name.index));
      if (member.value !== undefined) this.#take(name[1]!, member.value);
      end = member.end;
      key.lastIndex = end;
    }
    return beginning(text, end);
  }

  /** Of usage and tier the last is the final one; the first model is the answer's own. */
  #take(name: string, value: string): void {
    const found = this.#found;
    const isObject = value.startsWith("{");
    if (name === "usage") {
      if (isObject && counts.test(value)) found.usage = decode(value);
    } else if (!isObject) {
      if (name === "service_tier") found.tier = decode(value);
      else found.model ??= decode(value);
    }
  }
}

/** A schema of a tool may have a property `usage`, too: that one counts nothing. */
const counts = /"(?:\w+_tokens|seconds)"\s*:\s*\d/;

/** What of a text's end, from `from` on, may be the beginning of a member's name. */
function beginning(text: string, from: number): string {
  const quote = text.lastIndexOf('"');
  if (quote < Math.max(from, text.length - '"service_tier'.length)) {
    return text.endsWith("\\") ? "\\" : "";
  }
  const end = text.slice(quote);
  if (!['"usage', '"model', '"service_tier'].some((one) => one.startsWith(end))) return "";
  return text[quote - 1] === "\\" ? "" : copy(end);
}

/** A text of its own: a part of another one keeps all of that in memory. */
function copy(part: string): string {
  return Buffer.from(part, "latin1").toString("latin1");
}

function decode(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString();
}
