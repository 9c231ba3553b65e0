import { isMoment, type Mask } from "./masks.ts";
import type { Place, Rules } from "./rules.ts";

/** Stands for a value with more in it than is worth comparing. */
export const tooMuch = Symbol("too much");

const deepest = 64;
const most = 1_000_000;

/**
 * The same value for all that may differ: names sorted, texts masked, ignored places left out. Or
 * `tooMuch`.
 */
export function normalized(json: unknown, mask: Mask, { ignored, dates }: Rules): unknown {
  let count = 0;
  const value = normal(json, "", ignored, 0);
  return count > most ? tooMuch : value;

  function normal(value: unknown, name: string, places: readonly Place[], depth: number): unknown {
    if (depth > deepest) count = most;
    if (++count > most) return undefined;
    if (typeof value === "string") return mask(value);
    if (typeof value === "number") return dates && isMoment(name, value) ? 0 : value;
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value))
      return value.flatMap((item, index) => {
        const below = inside(places, String(index), depth);
        return below ? [normal(item, name, below, depth + 1)] : [];
      });
    const members: [string, unknown][] = [];
    for (const key of Object.keys(value).sort()) {
      const below = inside(places, key, depth);
      if (below) members.push([key, normal(Reflect.get(value, key), key, below, depth + 1)]);
    }
    return Object.fromEntries(members);
  }
}

/**
 * The places that go on below a name, of those that have led to where it stands, so many names deep;
 * `undefined`: it is one of them.
 */
export function inside(
  places: readonly Place[],
  name: string,
  depth = 0,
): readonly Place[] | undefined {
  if (places.length === 0) return places;
  const below = places.filter((place) => place[depth] === "*" || place[depth] === name);
  return below.some(({ length }) => length === depth + 1) ? undefined : below;
}
