import { idOf } from "./answer.ts";
import type { Fields } from "./fields.ts";
import { noSuch } from "./refusal.ts";
import { fill, filled, keyOf, listOf, merged, type Resource, toSegment } from "./resource.ts";
import type { Store } from "./store.ts";

type Params = Record<string, string>;

export type Shelves = ReturnType<typeof createShelves>;

/** The things of each resource, found by the resource's path and what its parameters stand for. */
export function createShelves(resources: Resource[], store: Store) {
  const byPath = new Map(resources.map((resource) => [resource.path, resource]));

  /** Refuses where something that it belongs to is missing. */
  function reach(path: string, params: Params): void {
    for (const owner of ownersOf(path)) if (byPath.has(owner)) find(owner, params);
    const seeds = byPath.get(path)?.seeds ?? 0;
    const mark = `${fill(listOf(path), params)}#`;
    if (seeds === 0 || store.get(mark)) return;
    store.set(mark, {});
    for (let seed = 1; seed <= seeds; seed++) create(path, params, `${mark}${seed}`);
  }

  function find<T = Fields>(path: string, params: Params): T {
    reach(path, params);
    const item = store.get<Fields>(fill(path, params));
    if (!item) throw noSuch(nounOf(path), params[keyOf(path)] ?? "");
    return item as T;
  }

  /** All of them, oldest first. */
  function list<T = Fields>(path: string, params: Params): T[] {
    reach(path, params);
    return store.list(fill(listOf(path), params)) as T[];
  }

  /** Makes one and keeps it; its id follows from `seed`. `more` is not the request's to say. */
  function add<T = Fields>(
    path: string,
    params: Params,
    seed: string,
    said: Fields = {},
    more: Fields = {},
  ): T {
    reach(path, params);
    return create(path, params, seed, said, more) as T;
  }

  function create(path: string, params: Params, seed: string, said: Fields = {}, more = {}) {
    const resource = byPath.get(path)!;
    const place = fill(listOf(path), params);
    const named = said[keyOf(path)];
    const id = typeof named === "string" && named ? named : freshId(resource.id ?? "", place, seed);
    const words = { ...textsOf(said), ...params, ...wordsOf(id), [keyOf(path)]: id };
    const { gives, own } = resource;
    const usual = { ...(resource.id && { id }), ...gives, ...own };
    const item = { ...merged(filled(usual, words), said, resource), ...more };
    store.set(`${place}/${toSegment(id)}`, item);
    return item;
  }

  /** The same request made again makes another thing. */
  function freshId(prefix: string, place: string, seed: string): string {
    const nth = (n: number) => idOf(prefix, n === 1 ? seed : `${seed} ${n}`);
    const isFree = (n: number) => !store.get(`${place}/${nth(n)}`);
    // In doubling steps and back by halves: one after the other takes ever longer where many are alike.
    let free = 1;
    while (!isFree(free)) free *= 2;
    for (let taken = Math.floor(free / 2); free - taken > 1; ) {
      const middle = Math.floor((taken + free) / 2);
      if (isFree(middle)) free = middle;
      else taken = middle;
    }
    return nth(free);
  }

  /** Puts another in the place of one. */
  function put(path: string, params: Params, item: object): void {
    store.set(fill(path, params), item);
  }

  function remove(path: string, params: Params): void {
    store.remove(fill(path, params));
  }

  return { reach, find, list, add, put, remove };
}

/** The paths of the things that one belongs to: `/threads/{thread_id}` for a message. */
function ownersOf(path: string): string[] {
  // What is below /projects belongs to what is below /organization/projects.
  const whole = path.replace(/^\/projects\//, "/organization/projects/");
  const ends = [...whole.matchAll(/\}(?=\/)/g)].map(({ index }) => index + 1);
  return ends.map((end) => whole.slice(0, end));
}

/** `thread` for `/threads/{thread_id}`. */
function nounOf(path: string): string {
  return keyOf(path).replace(/_id$/, "").replaceAll("_", " ");
}

/** What the fields of a thing may say of its id. */
export function wordsOf(id: string): Params {
  return { id, end: id.slice(-4), secret: id.replace(/^.*[_-]/, "") };
}

function textsOf(said: Fields): Params {
  const texts = Object.entries(said).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(texts) as Params;
}
