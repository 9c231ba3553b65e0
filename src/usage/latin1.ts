/** A text of its own: a part of another one keeps all of that in memory. */
export function copy(part: string): string {
  return Buffer.from(part, "latin1").toString("latin1");
}

/** What bytes say that were read as latin-1. */
export function decode(part: string): string {
  return Buffer.from(part, "latin1").toString();
}
