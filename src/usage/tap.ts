import { overlap } from "../closing-event.ts";
import { ClosingLines } from "./closing-lines.ts";
import type { Found } from "./found.ts";
import { copy, decode } from "./latin1.ts";
import { memberAt } from "./member.ts";

/** Without the first quote: it is so frequent that a search for it takes twice as long. */
const usage = 'usage"';
/** The search for `usage` finds it, too. */
const tools = 'tool_usage"';
const tier = 'service_tier"';
const model = 'model"';

/**
 * Reads from an answer, slice by slice as it passes, what it says about its cost. Nothing is parsed: in
 * JSON a quote within a text stands behind a backslash, so the bytes `"usage"` are a member's name.
 */
export class UsageTap {
  readonly #found: Found = { isClosed: false };
  readonly #lines: ClosingLines | undefined;
  /** What the next slice goes on with: the member that the last one ended in, if any. */
  #rest = "";

  constructor(kind: "json" | "events") {
    this.#lines = kind === "events" ? new ClosingLines() : undefined;
  }

  chunk(bytes: Buffer): void {
    const isBlob = this.#rest === "" && hasNothing(bytes);
    const slice = bytes.toString("latin1", isBlob ? bytes.length - overlap - 1 : 0);
    this.#lines?.read(slice);
    const text = this.#rest + slice;
    let cut = this.#read(text, usage, text.length);
    cut = this.#read(text, tier, cut);
    if (this.#found.model === undefined) cut = this.#read(text, model, cut);
    this.#rest = cut < text.length ? copy(text.slice(cut)) : beginning(text);
  }

  found(): Found {
    return { ...this.#found, isClosed: this.#lines?.isClosed ?? false };
  }

  /** Takes all members of a name. Returns where what is read again begins: at `cut`, or at one that is cut. */
  #read(text: string, name: string, cut: number): number {
    let end = 0;
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, end)) {
      end = at + name.length;
      const isTools = name === usage && text.startsWith('"tool_', at - 6);
      const from = isTools ? at - 6 : at - 1;
      // Another name's end, or within a text; `null`: every chunk of a chat stream but its last.
      if (text[from] !== '"' || text[from - 1] === "\\" || text.startsWith(":null", end)) continue;
      const member = memberAt(text, end);
      if (member === "cut") return Math.min(cut, from);
      if (member.value !== undefined) this.#take(isTools ? tools : name, member.value);
      end = member.end;
    }
    return cut;
  }

  /** Of usage and tier the last is the final one; the first model is the answer's own. */
  #take(name: string, value: string): void {
    const found = this.#found;
    const isObject = value.startsWith("{");
    if (name === tools) {
      if (isObject) found.tools = decode(value);
    } else if (name === usage) {
      if (isObject && counts.test(value)) found.usage = decode(value);
    } else if (!isObject) {
      if (name === model) found.model ??= decode(value);
      else if (found.tier !== value) found.tier = decode(value);
    }
  }
}

/** Part of a picture or of a sound: no member begins or ends here, nor does a line. */
function hasNothing(bytes: Buffer): boolean {
  return bytes.length > 4096 && !bytes.includes('"') && !bytes.includes("\n");
}

/** A schema of a tool may have a property `usage`, too: that one counts nothing. */
const counts = /"(?:\w+_tokens|seconds)"\s*:\s*\d/;

/** What of a text's end may be the beginning of a member's name. */
function beginning(text: string): string {
  if (text.endsWith("\n") || text.endsWith("}")) return "";
  if (text.endsWith("\\")) return "\\";
  const quote = text.lastIndexOf('"');
  if (quote < Math.max(0, text.length - tier.length) || text[quote - 1] === "\\") return "";
  const name = text.slice(quote + 1);
  return [usage, tools, tier, model].some((one) => one.startsWith(name)) ? copy(`"${name}`) : "";
}
