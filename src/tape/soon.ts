import { setTimeout as sleep } from "node:timers/promises";

/** What is done together costs less than each by itself, but must not wait long: a kill would lose it. */
const pauseMs = 5;

let next: Promise<void> | undefined;

/** Resolves a little later, for all who asked in the meantime at once. */
export function soon(): Promise<void> {
  next ??= sleep(pauseMs).then(() => {
    next = undefined;
  });
  return next;
}
