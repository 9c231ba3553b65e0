import { type Fields, isObject, listIn, textIn } from "./fields.ts";
import { invalidParameter } from "./refusal.ts";

/** How many of the query's words the text has, from 0 to 1. */
export function scoreOf(query: string, text: string): number {
  const words = query.toLowerCase().match(/\w+/g) ?? [];
  const inText = new Set(text.toLowerCase().match(/\w+/g));
  const hits = words.filter((word) => inText.has(word)).length;
  return words.length > 0 ? Number((hits / words.length).toFixed(4)) : 0;
}

/** Whether a file's attributes pass a filter: one comparison, or several joined by `and` or `or`. */
export function passes(attributes: Fields, filter: unknown): boolean {
  if (!isObject(filter)) return true;
  const { type, value } = filter;
  const inner = listIn(filter, "filters");
  if (type === "and") return inner.every((one) => passes(attributes, one));
  if (type === "or") return inner.some((one) => passes(attributes, one));
  const compare = isObject(value) ? undefined : comparisons.get(type);
  if (!compare)
    throw invalidParameter("filters", `there is no such comparison: ${JSON.stringify(filter)}`);
  return compare(attributes[textIn(filter, "key")] as number, value as number);
}

const comparisons = new Map<unknown, (has: number, wanted: number) => boolean>(
  Object.entries({
    eq: (has, wanted) => has === wanted,
    ne: (has, wanted) => has !== wanted,
    gt: (has, wanted) => has > wanted,
    gte: (has, wanted) => has >= wanted,
    lt: (has, wanted) => has < wanted,
    lte: (has, wanted) => has <= wanted,
    in: (has, wanted) => [wanted].flat().includes(has),
    nin: (has, wanted) => ![wanted].flat().includes(has),
  }),
);
