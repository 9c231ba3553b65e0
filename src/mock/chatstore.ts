import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, isObject } from "./fields.ts";
import { page } from "./page.ts";
import { noSuch } from "./refusal.ts";
import { fill } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Store } from "./store.ts";

const list = "/chat/completions";
const one = `${list}/{completion_id}`;

type Kept = { id: string; model: string; metadata: Record<string, string> };

/** Keeps a completion that was asked with `store`, and what it answered to. */
export function keepChat(store: Store, completion: Kept, messages: Fields[]): void {
  const path = fill(one, { completion_id: completion.id });
  if (store.get(path)) store.remove(path);
  store.set(path, completion);
  for (const [index, message] of messages.entries()) {
    const { content } = message;
    const parts = Array.isArray(content) ? { content: null, content_parts: content } : { content };
    const id = `${completion.id}-${index}`;
    store.set(`${path}/messages/${id}`, { refusal: null, ...message, ...parts, id });
  }
}

export function chatStoreOperations(store: Store): Operations {
  function find({ params }: Asked): Kept {
    const completion = store.get<Kept>(fill(one, params));
    if (!completion) throw noSuch("completion", params.completion_id ?? "");
    return completion;
  }

  function listAll({ query }: Asked) {
    const model = query.get("model");
    const wanted = [...query].flatMap(([name, value]) => {
      const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
      return key ? [[key, value] as const] : [];
    });
    const all = store.list<Kept>(list).filter(({ metadata, ...kept }) => {
      return (!model || kept.model === model) && wanted.every(([key, v]) => metadata[key] === v);
    });
    return page(all, query, { order: "asc" });
  }

  async function update(asked: Asked) {
    const { metadata } = await fieldsWith(asked, "metadata");
    const updated = { ...find(asked), ...(isObject(metadata) && { metadata }) };
    store.set(fill(one, asked.params), updated);
    return json(updated);
  }

  return {
    [`GET ${list}`]: listAll,
    [`GET ${one}`]: (asked) => json(find(asked)),
    [`POST ${one}`]: update,
    [`DELETE ${one}`]: (asked) => {
      const { id } = find(asked);
      store.remove(fill(one, asked.params));
      return json({ object: "chat.completion.deleted", id, deleted: true });
    },
    [`GET ${one}/messages`]: (asked) => {
      find(asked);
      return page(store.list(`${fill(one, asked.params)}/messages`), asked.query, { order: "asc" });
    },
  };
}
