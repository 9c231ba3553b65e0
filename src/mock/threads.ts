import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsOf, fieldsWith, isObject, objectsIn } from "./fields.ts";
import { thread, threadMessage } from "./resources/assistants.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

/** Threads of messages, and what is said in them. */
export function threadOperations(shelves: Shelves): Operations {
  async function create(asked: Asked) {
    const said = await fieldsOf(asked);
    const made = shelves.add<{ id: string }>(thread, {}, asked.digest, said);
    addMessages(shelves, { thread_id: made.id }, said.messages, asked.digest);
    return json(made);
  }

  async function createMessage(asked: Asked) {
    const said = await fieldsWith(asked, "role", "content");
    return json(addMessage(shelves, asked.params, said, asked.digest));
  }

  return { "POST /threads": create, [`POST ${thread}/messages`]: createMessage };
}

export function addMessages(
  shelves: Shelves,
  params: Record<string, string>,
  messages: unknown,
  seed: string,
): void {
  const list = Array.isArray(messages) ? messages.filter(isObject) : [];
  for (const [index, message] of list.entries()) {
    addMessage(shelves, params, message, `${seed} ${index}`);
  }
}

function addMessage(
  shelves: Shelves,
  params: Record<string, string>,
  said: Fields,
  seed: string,
): object {
  const isText = typeof said.content === "string";
  const parts = isText ? [{ type: "text", text: said.content }] : objectsIn(said, "content");
  const content = parts.map(toPart);
  return shelves.add(threadMessage, params, seed, { ...said, content: undefined }, { content });
}

/** A part as it is kept: a request says less of a text than an answer does. */
function toPart(part: Fields): Fields {
  return part.type === "text"
    ? { type: "text", text: { value: part.text, annotations: [] } }
    : part;
}
