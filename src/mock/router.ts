import type { Answer } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { methodNotAllowed, unknownUrl } from "./refusal.ts";

export type Operation = (asked: Asked) => Answer | Promise<Answer>;

/** Operations by method and path below `/v1`, for example `GET /models/{model}`. */
export type Operations = Record<string, Operation>;

export type Found = { operation: Operation; params: Record<string, string> };

/** A place in a path: what may come next, and what can be done here. */
type Place = {
  segments: Map<string, Place>;
  anySegment?: Place;
  methods: Map<string, { operation: Operation; names: string[] }>;
};

/** Finds the operation for a method and a path; HEAD is GET without the body. */
export function createRouter(operations: Operations) {
  const root = createPlace();
  for (const [name, operation] of Object.entries(operations)) {
    const [method = "", template = ""] = name.split(" ");
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, param = ""]) => param);
    placeOf(root, template).methods.set(method, { operation, names });
  }

  return function route(method: string, path: string): Found {
    const below = path.startsWith("/v1/") ? path.slice("/v1".length) : path;
    const found = find(root, below.split("/").slice(1));
    if (!found) throw unknownUrl(method, `/v1${below}`);
    const { methods } = found.place;
    const match = methods.get(method === "HEAD" ? "GET" : method);
    if (!match) throw methodNotAllowed(method, `/v1${below}`, [...methods.keys()]);
    const params = match.names.map((name, at) => [name, decode(found.values[at]!)]);
    return { operation: match.operation, params: Object.fromEntries(params) };
  };
}

function createPlace(): Place {
  return { segments: new Map(), methods: new Map() };
}

function placeOf(root: Place, template: string): Place {
  let place = root;
  for (const segment of template.split("/").slice(1)) place = placeBelow(place, segment);
  return place;
}

function placeBelow(place: Place, segment: string): Place {
  const isParam = segment.startsWith("{");
  const next = (isParam ? place.anySegment : place.segments.get(segment)) ?? createPlace();
  if (isParam) place.anySegment = next;
  else place.segments.set(segment, next);
  return next;
}

/** A word of the path goes before a parameter: `/threads/runs` is no thread. */
function find(
  place: Place,
  [segment, ...rest]: string[],
): { place: Place; values: string[] } | undefined {
  if (segment === undefined) return place.methods.size > 0 ? { place, values: [] } : undefined;
  const next = place.segments.get(segment);
  const found = next && find(next, rest);
  if (found) return found;
  const after = segment && place.anySegment ? find(place.anySegment, rest) : undefined;
  return after && { place: after.place, values: [segment, ...after.values] };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
