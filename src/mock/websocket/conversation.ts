import type { ConversationItem } from "openai/resources/realtime/realtime";

/** The most items that a conversation keeps, and the most characters of JSON that they have together. */
const mostItems = 1_000;
const mostCharacters = 64 * 1024 ** 2;

/** The items of a conversation, in order; beyond what it keeps the oldest go. */
export class Conversation {
  #items: ConversationItem[] = [];
  #weights = new WeakMap<ConversationItem, number>();
  #weight = 0;

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
    const weight = JSON.stringify(item).length;
    this.#weights.set(item, weight);
    this.#weight += weight;
    const at = after === "root" ? -1 : this.#items.findIndex(({ id }) => id === after);
    if (after === undefined) this.#items.push(item);
    else this.#items.splice(at + 1, 0, item);
    while (this.#items.length > mostItems || this.#weight > mostCharacters)
      this.remove(this.#items[0]!);
  }

  remove(item: ConversationItem): void {
    this.#weight -= this.#weights.get(item) ?? 0;
    this.#items.splice(this.#items.indexOf(item), 1);
  }
}
