import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { fieldsWith } from "./fields.ts";
import { fill, filled, merged, type Single } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

/** The operations of something of which there is always one: deleted, it is as in the beginning. */
export function singleOperations(single: Single, shelves: Shelves, store: Store): Operations {
  const { path, gives, needs, gone } = single;

  function now({ params }: Asked) {
    shelves.reach(path, params);
    return store.get(fill(path, params)) ?? filled(gives, params);
  }

  async function change(asked: Asked) {
    const said = await fieldsWith(asked, ...(needs?.split(" ") ?? []));
    const changed = merged({ ...now(asked) }, said, single);
    store.set(fill(path, asked.params), changed);
    return json(changed);
  }

  function remove({ params }: Asked) {
    shelves.reach(path, params);
    store.remove(fill(path, params));
    return json({ object: gone, deleted: true });
  }

  return {
    [`GET ${path}`]: (asked) => json(now(asked)),
    [`POST ${path}`]: change,
    ...(gone && { [`DELETE ${path}`]: remove }),
  };
}
