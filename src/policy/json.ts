import { Unreadable } from "./unreadable.ts";

/** Where a value stands: the names on the way to it, joined by dots; arrays add none. */
export type Place = string;

/** A value found; `undefined` for an object or an array. */
export type Found = [place: Place, value: unknown];

/** Names on the way, and characters of a name, beyond which nothing is looked for: places are short. */
const deepest = 8;
const longest = 64;

/** Texts, members, objects and arrays. Embeddings of tokens have some 300,000; millions would take seconds and gigabytes. */
const most = 1_000_000;

const mark = /["{}[\]]/g;
const scalar = /[^\s,\]}]+/y;
const space = /\s*/y;

/**
 * Every value at one of `places` (in lower case) of a JSON text, in the order of the text. A name that
 * comes twice gives two values: which of them counts is up to who reads it. Throws where the text is no
 * JSON, and `Unreadable` where it has too many parts.
 */
export function valuesIn(json: string, places: ReadonlySet<Place>): Found[] {
  checkCount(json);
  // From here on the text is known to be well-formed, and a few marks tell its parts apart.
  JSON.parse(json);
  const found: Found[] = [];
  /** Objects and arrays that are open, by place; `undefined` where it is too deep to matter. */
  const open: (Place | undefined)[] = [];
  let place: Place | undefined = "";
  let at = 0;

  for (;;) {
    mark.lastIndex = at;
    const next = mark.exec(json);
    if (!next) return found;
    at = next.index + 1;
    if (next[0] === "}" || next[0] === "]") {
      open.pop();
      place = open.at(-1);
    } else if (next[0] !== '"') {
      open.push(place);
    } else {
      const end = endOfText(json, next.index);
      at = skip(space, json, end);
      if (json[at] !== ":") continue;
      const start = skip(space, json, at + 1);
      place = below(open, json.slice(next.index, end));
      if (place !== undefined && places.has(place)) found.push([place, valueAt(json, start)]);
      at = start;
    }
  }
}

/** Before anything is made of the text; it need not be well-formed. */
function checkCount(json: string): void {
  const parts = /["{[,]/g;
  let count = 0;
  for (let next = parts.exec(json); next; next = parts.exec(json)) {
    if (++count > most) throw new Unreadable(`it has more than ${most} parts`);
    if (next[0] === '"') parts.lastIndex = endOfText(json, next.index);
  }
}

/** The place of a member of the innermost object. */
function below(open: (Place | undefined)[], name: string): Place | undefined {
  const outer = open.at(-1);
  if (outer === undefined || open.length > deepest) return undefined;
  // Some servers do not mind the case of names.
  const own = (JSON.parse(name) as string).toLowerCase();
  if (own.length > longest) return undefined;
  return outer === "" ? own : `${outer}.${own}`;
}

function valueAt(json: string, start: number): unknown {
  if (json[start] === "{" || json[start] === "[") return undefined;
  const end = json[start] === '"' ? endOfText(json, start) : skip(scalar, json, start);
  return JSON.parse(json.slice(start, end));
}

/** Where a text that begins at `start` ends, both quotation marks included; without the second: where all ends. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return json.length;
}

function skip(what: RegExp, json: string, from: number): number {
  what.lastIndex = from;
  return from + what.exec(json)![0].length;
}
