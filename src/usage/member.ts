/** What a member is at most long; OpenAI's usage has some 500 characters. */
const most = 4096;

/** A member's value, if it is an object or a text, and where reading goes on. */
export type Member = { value?: string; end: number };

/** The member whose name ends at `end`; `cut`: the text ends within it. */
export function memberAt(text: string, end: number): Member | "cut" {
  const colon = skip(text, end);
  if (colon < text.length && text[colon] !== ":") return { end };
  const from = skip(text, colon + 1);
  if (from < text.length && text[from] !== '"' && text[from] !== "{") return { end };
  const until = text[from] === '"' ? endOfText(text, from) : endOfObject(text, from);
  if (until === undefined) return text.length - end > most ? { end } : "cut";
  if (until - end > most) return { end };
  const value = text[from] === '"' ? text.slice(from + 1, until - 1) : text.slice(from, until);
  return { value, end: until };
}

/** The next place that is not blank. */
function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return at;
}

/** Behind the quote that closes the text that begins at `from`. */
function endOfText(text: string, from: number): number | undefined {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at < text.length ? at + 1 : undefined;
}

/** Behind the bracket that closes the object that begins at `from`. */
function endOfObject(text: string, from: number): number | undefined {
  const last = Math.min(text.length, from + most);
  let depth = 0;
  for (let at = from; at < last; at++) {
    if (text[at] === '"') {
      const end = endOfText(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}
