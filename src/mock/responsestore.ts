import type { Response } from "openai/resources/responses/responses";
import { type Answer, events, idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, isObject, textIn } from "./fields.ts";
import { type Item, itemsOf } from "./items.ts";
import { page } from "./page.ts";
import { noSuchResponse, notNow, previousNotFound } from "./refusal.ts";
import { fill } from "./resource.ts";
import { conversation } from "./resources/storage.ts";
import { responseEvents } from "./responseevents.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import { textOf, tokensIn } from "./speech.ts";
import type { Store } from "./store.ts";
import { tokenUsage } from "./tokens.ts";

const response = "/responses/{response_id}";
const item = `${conversation}/items/{item_id}`;

/** A response with what it answers to. */
export type Kept = {
  begun: Response;
  done: Response;
  items: Item[];
  /** What was said before: in the response it follows, or in its conversation. */
  before: Fields[];
  conversationId: string | undefined;
};

type State = Kept & { now: Response };

export type Responses = ReturnType<typeof createResponses>;

export function createResponses(shelves: Shelves, store: Store) {
  /** What a request builds on. */
  function before(request: Fields): Fields[] {
    const { previous_response_id: id, conversation: named } = request;
    if (typeof id === "string" && id) {
      const previous = store.get<State>(fill(response, { response_id: id }));
      if (!previous) throw previousNotFound(id);
      return [
        ...previous.before,
        ...previous.items,
        ...(previous.done.output as object[]),
      ] as Item[];
    }
    if (!named) return [];
    const conversation_id = textIn(isObject(named) ? named : { id: named }, "id");
    return shelves.list(item, { conversation_id });
  }

  /** Also one that is not stored may be followed by another. */
  function keep(kept: Kept, isWaiting: boolean): void {
    const { begun, done, items, conversationId } = kept;
    const now = isWaiting ? begun : done;
    store.set(fill(response, { response_id: begun.id }), { ...kept, now });
    if (!conversationId) return;
    for (const one of [...items, ...(done.output as object[] as Item[])]) {
      store.set(fill(item, { conversation_id: conversationId, item_id: one.id }), one);
    }
  }

  function find({ params }: Pick<Asked, "params">): State {
    const state = store.get<State>(fill(response, params));
    const isStored = state && (state.begun as { store?: boolean }).store !== false;
    if (!isStored) throw noSuchResponse(params.response_id ?? "");
    return state;
  }

  function put(state: State): void {
    store.set(fill(response, { response_id: state.begun.id }), state);
  }

  function remove(id: string): void {
    store.remove(fill(response, { response_id: id }));
  }

  return { before, keep, find, put, remove };
}

export function responseStoreOperations(responses: Responses): Operations {
  /** Whoever asks for one that is made in the background finds it completed. */
  function retrieve(asked: Asked): Answer {
    const state = responses.find(asked);
    const { begun, done } = state;
    const now = state.now.status === "queued" ? done : state.now;
    responses.put({ ...state, now });
    if (asked.query.get("stream") !== "true") return json(now);
    const after = asked.query.get("starting_after");
    return events(responseEvents(begun, now, after === null ? -1 : Number(after)));
  }

  function cancel(asked: Asked): Answer {
    const state = responses.find(asked);
    if (state.now.status !== "queued") throw notNow("response", "cancel", state.now.status ?? "");
    const now: Response = { ...state.now, status: "cancelled" };
    responses.put({ ...state, now });
    return json(now);
  }

  function listInput(asked: Asked): Answer {
    const { before, items } = responses.find(asked);
    return page([...before, ...items], asked.query);
  }

  function remove(asked: Asked): Answer {
    const { id } = responses.find(asked).begun;
    responses.remove(id);
    return json({ id, object: "response", deleted: true });
  }

  async function compact(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked, "model");
    const items = [...responses.before(said), ...itemsOf(said.input, asked.digest)];
    const id = idOf("cmp_", asked.digest);
    const encrypted_content = Buffer.from(asked.digest).toString("base64");
    return json({
      id: idOf("resp_", asked.digest),
      object: "response.compaction",
      created_at: madeAt,
      output: [{ id, type: "compaction", encrypted_content }],
      usage: tokenUsage(tokensIn(textOf([said.instructions, items])), tokensIn(encrypted_content)),
    });
  }

  async function countTokens(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked);
    const text = textOf([said.instructions, responses.before(said), said.input]);
    return json({ object: "response.input_tokens", input_tokens: tokensIn(text) });
  }

  return {
    [`GET ${response}`]: retrieve,
    [`DELETE ${response}`]: remove,
    [`POST ${response}/cancel`]: cancel,
    [`GET ${response}/input_items`]: listInput,
    "POST /responses/compact": compact,
    "POST /responses/input_tokens": countTokens,
  };
}
