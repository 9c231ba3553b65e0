import type { BrowserContext } from "playwright-core";
import { loadConfig } from "../../src/config/load.ts";
import type { Answerer } from "../../src/exchange.ts";
import { createInspector } from "../../src/inspector/inspector.ts";
import type { Journal, Questions } from "../../src/journal/journal.ts";
import { openReader } from "../../src/journal/reader.ts";
import { startServer } from "../../src/server/server.ts";
import { createTestJournal, type TestJournal } from "./calls.ts";
import { createFolder } from "./folder.ts";
import { letIn } from "./inspector.ts";

/** A relay with the inspector of a journal that the test writes. */
export type Inspected = AsyncDisposable & {
  journal: TestJournal;
  /** Of the page. */
  url: string;
  port: number;
  /** Lets a browser in. */
  letIn(context: BrowserContext): Promise<void>;
  stop(): Promise<void>;
};

export async function startInspected(
  answer: Answerer = () => {},
  port = 0,
  folder = createFolder(),
): Promise<Inspected> {
  const file = folder.at("journal.db");
  const env = { HOME: folder.path };
  const journal = createTestJournal(file);
  const flags = { port: String(port), otherUsers: "allow" };
  const { config } = await loadConfig({ flags, env, cwd: folder.path, config: false });
  const followed = followFile(file);
  const inspector = createInspector({ env, journal: followed, sessions: undefined });
  const server = await startServer(
    { config, answer, upgrade: () => {}, page: inspector.page(config) },
    [],
    undefined,
    env,
  );
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      inspector.close();
      server.cut();
      await server.drain();
      await followed.close();
    })();
    return stopping;
  };
  return {
    journal,
    url: `${server.url}/_relay/`,
    port: server.port,
    async letIn(context) {
      const cookie = await letIn(env, server.port);
      const [name, value] = cookie.split("=") as [string, string];
      await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/_relay/" }]);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      journal[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Milliseconds between two looks at the file. */
const lookMs = 10;

/** A journal that others write. */
function followFile(file: string): Journal {
  const reader = openReader(file);
  const timers = new Set<NodeJS.Timeout>();
  const questions: Partial<Questions> = reader;
  return {
    begin() {},
    observer: {},
    lost: 0,
    ask: async (question, ...args) =>
      (questions[question] as (...args: unknown[]) => never)(...args),
    follow(hear) {
      let version = reader.version();
      const timer = setInterval(() => {
        const news = reader.changes(version, 1_000);
        version = news.version;
        if (news.calls.length > 0) hear(news.calls);
      }, lookMs);
      timers.add(timer);
      return () => clearInterval(timer);
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      reader.close();
    },
  };
}
