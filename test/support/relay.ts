import { keepJournal } from "../../src/commands/keep-journal.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Observer, Outcome } from "../../src/exchange.ts";
import { startRelay as start } from "../../src/relay.ts";
import { startExecutable } from "./executable.ts";

export type TestRelay = AsyncDisposable & {
  url: string;
  port: number;
  /** Exchanges that are being answered. */
  readonly live: number;
  /** WebSockets that are open. */
  readonly tunnels: number;
  /** What became of each exchange so far. */
  outcomes: Outcome[];
  /** The next exchange to end, or one that ended and nobody asked for yet. */
  nextOutcome(): Promise<Outcome>;
  stop(): Promise<void>;
};

/** The key that test relays put on. */
export const testKey = "sk-test-relay-key";

type Extras = {
  env?: NodeJS.ProcessEnv;
  observers?: Observer[];
  /** With a journal and metrics, as the settings say. */
  hasJournal?: boolean;
};

/**
 * A relay in this process (or the executable RELAY_BIN) on a free port; flags are settings by dotted path,
 * as text.
 */
export async function startRelay(
  flags: Record<string, string | boolean | string[]>,
  { env = {}, observers = [], hasJournal = false }: Extras = {},
): Promise<TestRelay> {
  // Whether the relay looks at its clients first must not depend on who has an account on this machine.
  const given = { port: "0", otherUsers: "allow", ...flags };
  if (process.env.RELAY_BIN && observers.length === 0)
    return startExecutable(given, { OPENAI_API_KEY: testKey, ...env });
  const { config } = await loadConfig({ flags: given, env, cwd: process.cwd(), config: false });
  const outcomes: Outcome[] = [];
  const unseen: Outcome[] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  const watch: Observer = {
    ended(_exchange, outcome) {
      outcomes.push(outcome);
      const next = waiting.shift();
      if (next) next(outcome);
      else unseen.push(outcome);
    },
  };
  const journal = hasJournal ? await keepJournal(config, "start") : undefined;
  const relayEnv = { OPENAI_API_KEY: testKey, ...env };
  const relay = await start(config, [watch, ...observers], relayEnv, { journal });
  return {
    url: relay.server.url,
    port: relay.server.port,
    get live() {
      return relay.server.live;
    },
    get tunnels() {
      return relay.server.tunnels;
    },
    outcomes,
    nextOutcome: async () => unseen.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    stop: () => relay.stop(),
    async [Symbol.asyncDispose]() {
      relay.server.cut();
      await relay.stop();
    },
  };
}
