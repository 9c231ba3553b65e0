import { rmdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { Config } from "../config/settings.ts";
import type { Observer } from "../exchange.ts";
import { createAnswerer, type Inside } from "../relay.ts";
import { openPort } from "../server/listen.ts";
import { createHealth, createRouter, createUpgradeRouter } from "../server/router.ts";
import { type Entry, type RelayServer, startServer } from "../server/server.ts";
import { createCalls, withModel, withModelOnUpgrade } from "./calls.ts";
import { lead } from "./environment.ts";
import { toConfig } from "./options.ts";
import type { Relay, RelayOptions } from "./test.d.cts";

/** Takes the place of a key where none is needed. */
const standIn = "relay";

/** A relay in the process of a test runner. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  // As it is now: it may lead to a relay later, with a key that is none.
  const env = { ...process.env };
  const config = await toConfig(options, env);
  const { list, misses, observer } = createCalls();
  const inside = await createAnswerer(config, env);
  const server = await serve(config, inside, [observer, ...(await logOf(config))], env);
  const own = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: standIn };
  const restore = options.env ? lead(own) : () => {};
  let stopping: Promise<void> | undefined;

  async function shutDown(): Promise<void> {
    restore();
    server.cut();
    await server.drain();
    await inside.close();
    if (config.tape !== "") removeEmpty(config.tape);
  }

  const relay: Relay = {
    url: server.url,
    baseURL: own.OPENAI_BASE_URL,
    env: own,
    calls: list,
    get misses() {
      const inWebSockets = (inside.tape?.score.missed ?? 0) - misses.length;
      return inWebSockets > 0 ? [...misses, leftTheTape(inWebSockets)] : misses;
    },
    get unused() {
      return inside.tape?.score.unused() ?? [];
    },
    check() {
      const problems = [...relay.misses];
      if (config.strictUnused)
        problems.push(
          ...relay.unused.map((name) => `${name} is on the tape, and was not asked for.`),
        );
      if (problems.length === 0) return;
      const error = new Error(toText(problems, config));
      // Runners show the line that threw: the caller's says more than one of the bundle.
      Error.captureStackTrace(error, relay.check);
      throw error;
    },
    stop: () => (stopping ??= shutDown()),
    [Symbol.asyncDispose]: () => relay.stop(),
  };
  return relay;
}

async function serve(
  config: Config,
  inside: Inside,
  observers: Observer[],
  env: NodeJS.ProcessEnv,
): Promise<RelayServer> {
  const health = createHealth({ done: 0, failed: 0 });
  const settings = {
    config,
    answer: createRouter({ health }, withModel(inside.answer)),
    upgrade: createUpgradeRouter(withModelOnUpgrade(inside.upgrade)),
  };
  try {
    return await startServer(settings, observers, undefined, env, aside);
  } catch (error) {
    await inside.close();
    throw error;
  }
}

/** Neither the port nor its connections keep the runner alive; whoever waits for an answer does. */
const aside: Entry = {
  mark: "test",
  async open(config, create) {
    const opened = await openPort(config, create);
    for (const server of opened.servers) {
      server.unref();
      server.on("connection", (socket) => socket.unref());
    }
    return opened;
  },
};

/** Loaded only for those who want it. */
async function logOf(config: Config): Promise<Observer[]> {
  if (config.log.level === "silent") return [];
  const { createLog, createRequestLog } = await import("../observe/log.ts");
  return [createRequestLog(await createLog(config))];
}

/** A test that asked nothing leaves no folder behind, nor does a file of such tests. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
    rmdirSync(dirname(folder));
  } catch {
    // It is in use.
  }
}

function leftTheTape(count: number): string {
  const who = count === 1 ? "A WebSocket" : `${count} WebSockets`;
  return `${who} said what is not on the tape; the error event that it got tells the difference.`;
}

function toText(problems: readonly string[], config: Config): string {
  const folder = relative(process.cwd(), config.replay || config.tape) || ".";
  return `This test and its tape ${folder} do not fit:

${problems.join("\n\n")}

If the test is right, run it with the option "tape" (useRelay's own way) where CI is not set and OPENAI_API_KEY is:
what is missing is recorded. Delete that folder before, and all of it is recorded anew.`;
}
