import { tellable } from "../tellable.ts";

/** What a client sent, as a message may say it: nothing that may be a secret, nothing long. */
export function quoted(text: string): string {
  return JSON.stringify(tellable(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}
