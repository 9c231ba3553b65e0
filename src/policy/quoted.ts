import { shown } from "../config/shown.ts";

/** What a client sent, as a message may say it: nothing that looks like a key, nothing long. */
export function quoted(text: string): string {
  return shown(undefined, text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
