import { STATUS_CODES } from "node:http";

/**
 * The reason phrase with the bytes that upstream sent. undici takes them for UTF-8; where they were not,
 * they are lost, and the usual phrase of the status has to do.
 */
export function toReason(status: number, text: string): string {
  const usual = STATUS_CODES[status] ?? "";
  if (text === usual || text.includes("\ufffd")) return usual;
  return Buffer.from(text).toString("latin1");
}
