import { json } from "./answer.ts";
import type { Fields } from "./fields.ts";
import { notNow } from "./refusal.ts";
import type { Operation } from "./router.ts";
import type { Shelves } from "./shelves.ts";

type Change = { noun: string; act: string; from: RegExp; to: Fields };

/** Makes something else of a thing, which refuses where its status does not let it. */
export function become(shelves: Shelves, path: string, { noun, act, from, to }: Change): Operation {
  return function become({ params }) {
    const now = shelves.find<Fields>(path, params);
    const status = String(now.status);
    if (!from.test(status)) throw notNow(noun, act, status);
    const changed = { ...now, ...to };
    shelves.put(path, params, changed);
    return json(changed);
  };
}
