/**
 * The moment of what is heard. What comes in one turn of the event loop, from one read of a socket, came
 * at one moment and is one slice, as it is one for the client.
 */
export type Stamp = { readonly turn: number; readonly now: number };

let current: Stamp | undefined;
let turns = 0;

export function stamp(): Stamp {
  if (current) return current;
  current = { turn: turns++, now: performance.now() };
  queueMicrotask(() => {
    current = undefined;
  });
  return current;
}
