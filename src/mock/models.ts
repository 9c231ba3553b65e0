import type { Model } from "openai/resources/models";
import { json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { mayNotDelete, noSuchModel } from "./refusal.ts";
import { fill } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Store } from "./store.ts";

const names = [
  "gpt-4.1",
  "gpt-4.1-mini",
  "gpt-4o",
  "gpt-4o-mini",
  "gpt-5",
  "gpt-5-mini",
  "gpt-5-nano",
  "o4-mini",
  "text-embedding-3-large",
  "text-embedding-3-small",
  "text-embedding-ada-002",
];

const models = names.map((id) => toModel(id, "system"));

function toModel(id: string, owned_by: string): Model {
  return { id, object: "model", created: madeAt, owned_by };
}

const one = "/models/{model}";

/** Lets a model that was tuned here be found. */
export function keepModel(store: Store, id: string): void {
  store.set(fill(one, { model: id }), toModel(id, "org-mock"));
}

export function modelOperations(store: Store): Operations {
  function find({ params: { model = "" } }: Asked): Model {
    const found = models.find(({ id }) => id === model) ?? store.get<Model>(fill(one, { model }));
    if (!found) throw noSuchModel(model);
    return found;
  }

  return {
    "GET /models": () => json({ object: "list", data: [...store.list("/models"), ...models] }),
    [`GET ${one}`]: (asked) => json(find(asked)),
    [`DELETE ${one}`]: (asked) => {
      const { id, owned_by } = find(asked);
      if (owned_by === "system") throw mayNotDelete(id);
      store.remove(fill(one, asked.params));
      return json({ id, object: "model", deleted: true });
    },
  };
}
