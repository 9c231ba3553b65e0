import type { BrowserContext } from "playwright-core";
import { loadConfig } from "../../src/config/load.ts";
import { createJournal } from "../../src/journal/create.ts";
import { placeOf } from "../../src/journal/place.ts";
import { startRelay } from "../../src/relay.ts";
import { createTestJournal, type TestJournal } from "./calls.ts";
import { createFolder } from "./folder.ts";
import { letIn } from "./inspector.ts";
import { testKey } from "./relay.ts";

/** A relay with its inspector, and its journal, which the test writes to as well. */
export type Inspected = AsyncDisposable & {
  journal: TestJournal;
  /** Of the page. */
  url: string;
  port: number;
  /** Lets a browser in. */
  letIn(context: BrowserContext): Promise<void>;
  stop(): Promise<void>;
};

/** Flags are settings by dotted path. */
export async function startInspected(flags: Record<string, string | boolean>): Promise<Inspected> {
  const folder = createFolder();
  const env = { HOME: folder.path, OPENAI_API_KEY: testKey };
  const given = { port: "0", otherUsers: "allow", journalFile: folder.at("journal.db") };
  const { config } = await loadConfig({
    flags: { ...given, ...flags },
    env,
    cwd: folder.path,
    config: false,
  });
  const file = placeOf(config);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const kept = createJournal({ config, file, command: "start", say });
  const { server, cut, stop } = await startRelay(config, [], env, { journal: kept });
  const journal = createTestJournal(file);
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= cut().then(stop);
    return stopping;
  };
  return {
    journal,
    url: `${server.url}/_relay/`,
    port: server.port,
    async letIn(context) {
      const [name, value] = (await letIn(env, server.port)).split("=") as [string, string];
      await context.addCookies([{ name, value, domain: "127.0.0.1", path: "/_relay/" }]);
    },
    stop: stopOnce,
    async [Symbol.asyncDispose]() {
      await stopOnce();
      journal[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}
