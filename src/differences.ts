/** A place where two values differ; `undefined`: there is nothing on that side. */
export type Difference = { where: string; recorded: unknown; asked: unknown };

/** A place, and what is there on the one and the other side. */
export type Pair = readonly [where: string, recorded: unknown, asked: unknown];

/** Every place where plain data of any kind differs, as deep as can be told, at most `most` of them. */
export function compared(pairs: readonly Pair[], most: number): Difference[] {
  const found: Difference[] = [];
  const compare = (where: string, a: unknown, b: unknown): void => {
    if (found.length >= most || isSame(a, b)) return;
    if (Array.isArray(a) && Array.isArray(b)) compareLists(where, a, b);
    else if (isObject(a) && isObject(b))
      for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort())
        compare(where === "" ? name : `${where}.${name}`, own(a, name), own(b, name));
    else found.push({ where: where === "" ? "body" : where, recorded: a, asked: b });
  };

  /** Items that are the same at both ends are set aside: one more in front must not make all differ. */
  const compareLists = (where: string, a: unknown[], b: unknown[]): void => {
    const shorter = Math.min(a.length, b.length);
    let start = 0;
    while (start < shorter && isSame(a[start], b[start])) start++;
    let end = 0;
    while (end < shorter - start && isSame(a.at(-1 - end), b.at(-1 - end))) end++;
    const length = Math.max(a.length, b.length) - end;
    for (let i = start; i < length; i++)
      compare(
        `${where}[${i}]`,
        i < a.length - end ? a[i] : undefined,
        i < b.length - end ? b[i] : undefined,
      );
  };

  for (const pair of pairs) compare(...pair);
  return found;
}

/** Whether two values of JSON are the same, whatever the order of their names. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(own(a, name), own(b, name)))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
