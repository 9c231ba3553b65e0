import type { Config } from "../config/settings.ts";
import { relayBug } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { Page } from "../server/page.ts";
import type { Sessions } from "./sessions.ts";

/** The page that shows the journal, and what it asks of the relay. */
export type Inspector = {
  /** Its answers by these settings. */
  page(config: Config): Page;
  /** Ends the event streams: they would hold up the end of the relay. */
  close(): void;
};

export type Parts = {
  env: NodeJS.ProcessEnv;
  journal: Journal | undefined;
  /** Of all workers; `undefined`: there is one process, which keeps its own. */
  sessions: Sessions | undefined;
};

/** Nothing of it is loaded before somebody asks for the page. */
export function createInspector(parts: Parts): Inspector {
  const closing = new AbortController();
  let loading: Promise<(config: Config) => Page> | undefined;

  async function load() {
    const { createRoutes } = await import("./routes.ts");
    return createRoutes({ ...parts, closed: closing.signal });
  }

  return {
    page: (config) =>
      function page(exchange, reply, visitor) {
        loading ??= load();
        loading
          .then((routes) => routes(config)(exchange, reply, visitor))
          .catch((cause) => reply.fail(relayBug(cause)));
      },
    close: () => closing.abort(),
  };
}
