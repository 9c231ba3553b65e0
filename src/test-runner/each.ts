import { placeOf, tapeOf } from "./name.ts";
import { startRelay } from "./relay.ts";
import type { EachOptions, Hooks, Relay, RelayOptions } from "./test.d.cts";

/** A relay for each test. */
export function useRelay(
  { tapes, ...options }: EachOptions = {},
  hooks: Partial<Hooks> = globalThis as Partial<Hooks>,
): Relay {
  if (!hooks.beforeEach || !hooks.afterEach) throw new TypeError(noHooks);
  let running: Relay | undefined;

  // Not as a parameter: jest would wait for a callback, and vitest reads a fixture's name from it.
  hooks.beforeEach(async function start() {
    // biome-ignore lint/complexity/noArguments: see above
    const test: unknown = arguments[0];
    if (running) throw new Error(atOnce);
    running = await startRelay({ ...tapeFor(options, [test, hooks.expect], tapes), ...options });
  });
  hooks.afterEach(async () => {
    const relay = running;
    running = undefined;
    await relay?.stop();
    relay?.check();
  });

  const current = () => {
    if (!running) throw new Error("useRelay: its relay serves while a test runs, and not outside.");
    return running;
  };
  return {
    get url() {
      return current().url;
    },
    get baseURL() {
      return current().baseURL;
    },
    get env() {
      return current().env;
    },
    get calls() {
      return current().calls;
    },
    get misses() {
      return current().misses;
    },
    get unused() {
      return current().unused;
    },
    check: () => current().check(),
    stop: () => current().stop(),
    [Symbol.asyncDispose]: () => current().stop(),
  };
}

/** A tape of its own, where nothing else was named. */
function tapeFor(options: RelayOptions, known: unknown[], tapes?: string): RelayOptions {
  const { replay, record, tape, mock } = options;
  if (replay !== undefined || record !== undefined || tape !== undefined || mock) return {};
  const test = [...known, (globalThis as { expect?: unknown }).expect].find(placeOf);
  return { tape: tapeOf(test, tapes) };
}

const noHooks =
  "useRelay: the runner has no global hooks. Hand them over: useRelay({}, { beforeEach, afterEach, expect }).";

const atOnce =
  "useRelay serves one test at a time. Tests that run at the same time start their own: startRelay({ tape: tapeOf(test) }).";
