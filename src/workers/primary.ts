import type { Config } from "../config/settings.ts";
import { createSessions } from "../inspector/sessions.ts";
import { processFigures } from "../metrics/process.ts";
import type { Serving } from "../relay.ts";
import { urlOf } from "../server/listen.ts";
import type { Reloads } from "../server/router.ts";
import { findCredentials } from "../tls/credentials.ts";
import { type Common, createCrew } from "./crew.ts";
import { createDesks } from "./desk.ts";
import { openDoor } from "./door.ts";
import { countOf, shareOf } from "./share.ts";
import type { Edition } from "./words.ts";

/** What the primary is given. */
export type Around = Common & { env: NodeJS.ProcessEnv };

/** Milliseconds that workers have to end beyond what they are allowed. */
const graceMs = 2_000;

/** A relay in several processes: this one accepts connections and holds the keys, the others serve. */
export async function startWorkers(config: Config, around: Around): Promise<Serving> {
  const credentials = await findCredentials(config, around.env);
  const door = await openDoor(config);
  const desks = createDesks(config, around.env);
  const sessions = createSessions();
  const startedAt = Date.now().toString(36);
  let started = 0;
  let current: Edition = { config, edition: 0 };
  let reloads: Reloads = { done: 0, failed: 0 };

  const crew = createCrew({
    ...around,
    count: countOf(config),
    door,
    answers: {
      key: desks.find,
      addSession: sessions.add,
      findSession: sessions.find,
      removeSession: sessions.remove,
      async scrapeAll() {
        const workers = await crew.askAll((hand) => hand.link.ask("scrape"));
        return [{ process: processFigures() }, ...workers];
      },
    },
    serve(hand, place) {
      const mark = `${startedAt}.${(++started).toString(36)}`;
      const given = { ...shareOf(current, place), port: door.port, mark, reloads };
      return hand.link.ask("serve", given);
    },
  });

  async function use(config: Config): Promise<void> {
    current = { config, edition: current.edition + 1 };
    desks.open(current, around.env);
    await crew.askAll((hand, place) => hand.link.ask("reload", shareOf(current, place)));
  }

  await crew.start().catch(async (error: unknown) => {
    door.close();
    await crew.end(0);
    throw error;
  });

  return {
    server: { port: door.port, url: urlOf(config, door.port) },
    certificateUntil: credentials?.expires,
    async open() {
      const all = await crew.askAll((hand) => hand.link.ask("open"));
      return {
        answers: all.reduce((sum, { answers }) => sum + answers, 0),
        webSockets: all.reduce((sum, { webSockets }) => sum + webSockets, 0),
      };
    },
    async reload(next) {
      const former = current.config;
      await use(next).catch(async (error: unknown) => {
        // Some may have taken it.
        await use(former);
        throw error;
      });
    },
    async countReloads(counted) {
      reloads = { ...counted };
      await crew.askAll((hand) => hand.link.ask("countReloads", reloads));
    },
    async stop() {
      door.close();
      void crew.askAll((hand) => hand.link.ask("stop")).catch(() => {});
      await crew.end(current.config.timeouts.drain + graceMs);
      desks.close();
    },
    async cut() {
      void crew.askAll((hand) => hand.link.ask("cut")).catch(() => {});
      await crew.end(graceMs);
    },
  };
}
