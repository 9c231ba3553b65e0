import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { fieldsOf, fieldsWith } from "./fields.ts";
import { type Item, itemsOf } from "./items.ts";
import { pageOf } from "./page.ts";
import { conversation } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

const item = `${conversation}/items/{item_id}`;

/** Conversations and what was said in them. */
export function conversationOperations(shelves: Shelves): Operations {
  async function create(asked: Asked) {
    const said = await fieldsOf(asked);
    const made = shelves.add<{ id: string }>(conversation, {}, asked.digest, said);
    put(made.id, itemsOf(said.items, made.id));
    return json(made);
  }

  function put(conversation_id: string, items: Item[]): void {
    for (const one of items) shelves.put(item, { conversation_id, item_id: one.id }, one);
  }

  async function addItems(asked: Asked) {
    const { conversation_id = "" } = asked.params;
    const count = shelves.list(item, asked.params).length;
    const { items } = await fieldsWith(asked, "items");
    const added = itemsOf(items, `${conversation_id} ${count} ${asked.digest}`);
    put(conversation_id, added);
    return json(pageOf(added, new URLSearchParams({ limit: "100", order: "asc" })));
  }

  return {
    "POST /conversations": create,
    [`POST ${conversation}/items`]: addItems,
    [`DELETE ${item}`]: ({ params }) => {
      shelves.find(item, params);
      shelves.remove(item, params);
      return json(shelves.find(conversation, params));
    },
  };
}
