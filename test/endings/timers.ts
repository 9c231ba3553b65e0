import { createHook } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";

export type Timers = Disposable & {
  /** Waits for a while until timers of just these milliseconds are armed; tells what there is. */
  settled(expected: readonly number[]): Promise<number[]>;
};

/** Watches each timer that this process arms from now on, Node's own too, but not the test runner's. */
export function watchTimers(): Timers {
  const timers = new Map<number, number>();
  let isOwn = false;
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type !== "Timeout" || isOwn || isOfRunner(new Error().stack!)) return;
      timers.set(id, (resource as { _idleTimeout: number })._idleTimeout);
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
  const armed = () => [...timers.values()].sort((a, b) => a - b);
  return {
    async settled(expected) {
      const until = performance.now() + 1_500;
      while (armed().join() !== expected.join() && performance.now() < until) {
        isOwn = true;
        const moment = pause(10);
        isOwn = false;
        await moment;
      }
      return armed();
    },
    [Symbol.dispose]: () => void hook.disable(),
  };
}

/** By the nearest caller that is not Node itself, nor this file. */
function isOfRunner(stack: string): boolean {
  const frames = stack.split("\n").slice(1);
  const caller = frames.find((frame) => !/node:|timers\.ts/.test(frame));
  return caller !== undefined && /vitest|vite-node|birpc/.test(caller);
}
