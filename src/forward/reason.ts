import { STATUS_CODES } from "node:http";

/**
 * The reason phrase as upstream sent it, in latin-1. undici reads it as UTF-8, and keeps the last piece
 * when it came in several: what cannot be told gets the usual phrase of the status.
 */
export function toReason(status: number, text: string): string {
  const usual = STATUS_CODES[status] ?? "";
  if (text === usual) return text;
  if (text.includes("\ufffd") || (text !== "" && usual.endsWith(text))) return usual;
  return Buffer.from(text).toString("latin1");
}
