import { signal } from "@preact/signals";
import { runningCount } from "./calls.ts";

/** Milliseconds since 1970; stands still while no call runs. */
export const now = signal(Date.now());

setInterval(() => {
  if (runningCount.value > 0 && !document.hidden) now.value = Date.now();
}, 250);
