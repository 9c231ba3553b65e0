/**
 * What the last `*` of a pattern stands for; "" when there is none, `undefined` when `value` does not
 * match. A `*` stands for any run of characters, none and slashes included, wherever it is; everything
 * else is what it is, case included. Takes time in proportion to the value, whatever the pattern.
 */
export function match(pattern: string, value: string): string | undefined {
  const [first, ...pieces] = pattern.split("*") as [string, ...string[]];
  const last = pieces.pop();
  if (last === undefined) return value === pattern ? "" : undefined;
  if (!value.startsWith(first)) return undefined;
  let at = first.length;
  for (const piece of pieces) {
    const found = value.indexOf(piece, at);
    if (found < 0) return undefined;
    at = found + piece.length;
  }
  const end = value.length - last.length;
  return end >= at && value.endsWith(last) ? value.slice(at, end) : undefined;
}

/** Whether `value` is what `pattern` says, from its first character to its last. */
export function matches(pattern: string, value: string): boolean {
  return match(pattern, value) !== undefined;
}
