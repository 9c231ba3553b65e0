import { type Answer, json } from "./answer.ts";
import { invalidParameter } from "./refusal.ts";

export type Paging = {
  /** The name of the field that an item is known by; `id` unless told otherwise. */
  by?: string | undefined;
  /** What comes first when the request does not say so. */
  order?: "asc" | "desc" | undefined;
  /** How many there are on a page when the request does not say so, and at most. */
  usual?: number | undefined;
  most?: number | undefined;
  /** Whether the page names the cursor of the next one. */
  hasNext?: boolean | undefined;
};

/** One page of a list: `limit`, `order`, `after` and `before` say which. `items` are in the order of their making. */
export function page(items: object[], query: URLSearchParams, paging: Paging = {}): Answer {
  return json(pageOf(items, query, paging));
}

export function pageOf(items: object[], query: URLSearchParams, paging: Paging = {}) {
  const { by = "id", order = "desc", usual = 20, most = 100, hasNext = false } = paging;
  const idOf = (item: object) => (item as Record<string, string>)[by];
  const sorted = orderOf(query, order) === "asc" ? items : items.toReversed();
  const limit = limitOf(query, usual, most);

  const at = (name: "after" | "before") => {
    const id = query.get(name);
    if (!id) return undefined;
    const index = sorted.findIndex((item) => idOf(item) === id);
    if (index < 0) throw invalidParameter(name, `there is no '${id}' in this list`);
    return index;
  };
  const after = at("after");
  const before = at("before");
  const rest = sorted.slice(after === undefined ? 0 : after + 1, before);
  const isBackwards = after === undefined && before !== undefined;
  const data = isBackwards ? rest.slice(-limit) : rest.slice(0, limit);

  const [first, last] = [data.at(0), data.at(-1)];
  const has_more = data.length < rest.length;
  const last_id = (last && idOf(last)) ?? null;
  const next = hasNext && { next: has_more ? last_id : null };
  return {
    object: "list",
    data,
    first_id: (first && idOf(first)) ?? null,
    last_id,
    has_more,
    ...next,
  };
}

function orderOf(query: URLSearchParams, usual: string): string {
  const order = query.get("order") ?? usual;
  if (order !== "asc" && order !== "desc") {
    throw invalidParameter("order", `expected "asc" or "desc", but got "${order}"`);
  }
  return order;
}

export function limitOf(query: URLSearchParams, usual: number, most: number): number {
  const text = query.get("limit");
  if (text === null) return usual;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw invalidParameter("limit", `expected an integer from 1 to ${most}, but got ${text}`);
  }
  return limit;
}
