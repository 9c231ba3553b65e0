import { fieldsOf, stringOf } from "./json.ts";
import {
  createMessage,
  type Item,
  type Media,
  type Message,
  type ToolCall,
  type Words,
} from "./message.ts";

/** A message that is being put together: finds the items that pieces belong to. */
export class Draft {
  readonly message: Message = createMessage();
  /** In which form sound comes, where its events do not say. */
  audioFormat = "pcm16";
  #byKey = new Map<string, Item>();

  words(kind: Words["kind"], of: string, choice = 0): Words {
    return this.#item(`${of} ${kind}`, (key) => ({ kind, key, choice, text: "" }));
  }

  call(of: string, choice = 0): ToolCall {
    return this.#item(`${of} call`, (key) => {
      return { kind: "call", key, choice, name: "", arguments: "" };
    });
  }

  media(kind: Media["kind"], of: string, mime: string, choice = 0): Media {
    return this.#item(`${of} ${kind}`, (key) => ({ kind, key, choice, mime, base64: [] }));
  }

  /** More of some words. */
  say(kind: Words["kind"], of: string, text: unknown, choice = 0): void {
    if (typeof text === "string" && text !== "") this.words(kind, of, choice).text += text;
  }

  /** The words as they are in the end. */
  settle(kind: Words["kind"], of: string, text: unknown, choice = 0): void {
    if (typeof text === "string" && text !== "") this.words(kind, of, choice).text = text;
  }

  /** Several choices may end for several reasons. */
  finish(reason: unknown): void {
    if (typeof reason !== "string" || reason === "") return;
    const reasons = this.message.finish?.split(", ") ?? [];
    if (!reasons.includes(reason)) this.message.finish = [...reasons, reason].join(", ");
  }

  fail(error: unknown): void {
    const fields = fieldsOf(error);
    if (!fields) return;
    const [code, type] = [stringOf(fields.code), stringOf(fields.type)];
    this.message.error = {
      message: stringOf(fields.message) ?? JSON.stringify(error),
      ...(code !== undefined && { code }),
      ...(type !== undefined && { type }),
    };
  }

  /** What most answers say of themselves. */
  describe({ id, model, usage }: { [name: string]: unknown }): void {
    if (typeof id === "string" && id !== "") this.message.id = id;
    if (typeof model === "string" && model !== "") this.message.model = model;
    if (fieldsOf(usage)) this.message.usage = usage;
  }

  #item<T extends Item>(key: string, make: (key: string) => T): T {
    const known = this.#byKey.get(key);
    // The key tells the kind.
    if (known) return known as T;
    const item = make(key);
    this.#byKey.set(key, item);
    this.message.items.push(item);
    return item;
  }
}
