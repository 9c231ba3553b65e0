import type { ConversationItem } from "openai/resources/realtime/realtime";

/** The most items that a conversation keeps; beyond it the oldest go. */
const mostItems = 1_000;

/** The items of a conversation, in order. */
export class Conversation {
  #items: ConversationItem[] = [];

  get items(): readonly ConversationItem[] {
    return this.#items;
  }

  get last(): string | null {
    return this.#items.at(-1)?.id ?? null;
  }

  find(id: unknown): ConversationItem | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Puts an item behind another, first of all behind `root`, else last. */
  add(item: ConversationItem, after?: string): void {
    const at = after === "root" ? -1 : this.#items.findIndex(({ id }) => id === after);
    if (after === undefined) this.#items.push(item);
    else this.#items.splice(at + 1, 0, item);
    if (this.#items.length > mostItems) this.#items.shift();
  }

  remove(item: ConversationItem): void {
    this.#items.splice(this.#items.indexOf(item), 1);
  }
}
