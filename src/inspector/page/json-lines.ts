/** A piece of JSON as it is written, and what it is. */
export type Token = { kind: "key" | "string" | "number" | "word" | "mark"; text: string };
export type Line = { depth: number; tokens: Token[] };

const pattern = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

/**
 * JSON in lines to read, or `undefined` where it is none. Every token stays as it was written: parsing and
 * writing anew would change large numbers and drop keys that stand twice.
 */
export function toJsonLines(text: string): Line[] | undefined {
  if (!isJson(text)) return undefined;
  const all = text.match(pattern) ?? [];
  const lines: Line[] = [{ depth: 0, tokens: [] }];
  let depth = 0;
  const breakLine = () => lines.push({ depth, tokens: [] });
  const put = (kind: Token["kind"], text: string) => lines.at(-1)!.tokens.push({ kind, text });

  for (const [index, token] of all.entries()) {
    const next = all[index + 1];
    if (token === "{" || token === "[") {
      put("mark", token);
      if (next === "}" || next === "]") continue;
      depth += 1;
      breakLine();
    } else if (token === "}" || token === "]") {
      const isEmpty = all[index - 1] === "{" || all[index - 1] === "[";
      if (!isEmpty) {
        depth -= 1;
        breakLine();
      }
      put("mark", token);
    } else if (token === ",") {
      put("mark", token);
      breakLine();
    } else if (token === ":") put("mark", ": ");
    else put(kindOf(token, next), token);
  }
  return lines;
}

function kindOf(token: string, next: string | undefined): Token["kind"] {
  if (token[0] === '"') return next === ":" ? "key" : "string";
  return /^[tfn]/.test(token) ? "word" : "number";
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
