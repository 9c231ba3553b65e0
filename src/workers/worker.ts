import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Config } from "../config/settings.ts";
import type { Relay, Ties } from "../relay.ts";
import type { Entry } from "../server/server.ts";
import { createLink } from "./link.ts";
import { createRemoteKeys } from "./remote-keys.ts";
import type { ToPrimary, ToWorker } from "./words.ts";

type Serve = (config: Config, ties: Ties) => Promise<Relay>;

/** Serves what the primary hands over, and obeys nobody else. Ends with the primary, however that ends. */
export function obeyPrimary(serve: Serve): void {
  // A terminal sends Ctrl+C to all processes, service managers their signals too.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  process.once("disconnect", () => process.exit(1));
  const { promise: started, resolve } = Promise.withResolvers<Relay>();
  let edition: number;

  const keysOf: Ties["keysOf"] = (config, env) => {
    const own = edition;
    return createRemoteKeys(config, env, (asked) => link.ask("key", { edition: own, ...asked }));
  };
  // Whichever worker a browser comes to, it is let in.
  const sessions: Ties["sessions"] = {
    add: (hash) => link.ask("addSession", hash),
    find: (hashes) => link.ask("findSession", hashes),
    remove: (hashes) => link.ask("removeSession", hashes),
  };
  const scrapeAll = () => link.ask("scrapeAll");
  const link = createLink<ToPrimary, ToWorker>(process, {
    async serve({ config, port, mark, reloads, ...asked }) {
      edition = asked.edition;
      // All workers, also those that take the place of others, are one run.
      const run = { pid: process.ppid, id: mark.split(".", 1)[0]! };
      const ties = { entry: createEntry(port, mark), keysOf, sessions, run, scrapeAll };
      const relay = await serve(config, ties);
      await relay.countReloads(reloads);
      resolve(relay);
    },
    async reload({ config, ...asked }) {
      const relay = await started;
      edition = asked.edition;
      await relay.reload(config);
    },
    countReloads: async (reloads) => (await started).countReloads(reloads),
    open: async () => (await started).open(),
    scrape: async () => (await started).scrape!(),
    async stop() {
      const relay = await started;
      void relay.stop().then(() => process.exit(0));
    },
    async cut() {
      await (await started).cut();
      process.exit(0);
    },
  });
}

/** Connections that the primary has accepted. */
function createEntry(port: number, mark: string): Entry {
  async function open(_config: Config, create: () => Server) {
    const server = create();
    // This starts the clocks of node:http; nothing listens here.
    server.emit("listening");
    process.on("message", (_message, socket?: Socket) => {
      if (!socket) return;
      // As node:http has its own: one side of a tunnel may end while the other still speaks.
      socket.allowHalfOpen = true;
      server.emit("connection", socket);
    });
    return { servers: [server], port };
  }
  return { open, mark };
}
