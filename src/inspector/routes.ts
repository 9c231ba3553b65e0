import type { Config } from "../config/settings.ts";
import { methodNotAllowed, RelayError, relayBug, sessionMissing, unknownPath } from "../errors.ts";
import type { Exchange, Reply } from "../exchange.ts";
import type { Journal } from "../journal/journal.ts";
import type { Page, Visitor } from "../server/page.ts";
import { createAccess } from "./access.ts";
import { answer, answerJson, redirect, refuse } from "./answer.ts";
import { loadPage } from "./assets.ts";
import { answerBody } from "./body.ts";
import { answerCalls, answerDetail, answerSlices } from "./calls.ts";
import { answerExport } from "./export.ts";
import { createFeed } from "./feed.ts";
import type { Parts } from "./inspector.ts";
import { answerLocked } from "./locked.ts";
import { sendAgain } from "./send.ts";
import { createSessions } from "./sessions.ts";
import { toStatus } from "./status.ts";

/** One request of somebody who has a session. */
export type Asked = {
  exchange: Exchange;
  reply: Reply;
  visitor: Visitor;
  query: URLSearchParams;
  /** The id of the call that the path names. */
  id: string;
  config: Config;
  journal: Journal | undefined;
};

type Route = [method: string, path: RegExp, answer: (asked: Asked) => void | Promise<void>];

/** The inspector's paths: who may ask, and what is answered. */
export function createRoutes(parts: Parts & { closed: AbortSignal }): (config: Config) => Page {
  const { env, journal, sessions = createSessions(), closed } = parts;
  const access = createAccess(env, sessions);
  const feed = createFeed(journal, closed);

  const routes: Route[] = [
    ["GET", /^$/, async ({ reply }) => answer(reply, 200, html, (await loadPage()).html)],
    ["GET", /^app\.js$/, async ({ reply }) => answer(reply, 200, script, (await loadPage()).js)],
    ["GET", /^app\.css$/, async ({ reply }) => answer(reply, 200, style, (await loadPage()).css)],
    [
      "GET",
      /^events$/,
      ({ exchange, reply, visitor }) => feed(reply, () => access.isLetIn(exchange, visitor)),
    ],
    ["GET", /^api\/status$/, (asked) => answerJson(asked.reply, toStatus(asked))],
    ["GET", /^api\/calls$/, answerCalls],
    ["GET", /^api\/calls\/([\w.-]+)$/, answerDetail],
    ["GET", /^api\/calls\/([\w.-]+)\/slices$/, answerSlices],
    ["GET", /^api\/calls\/([\w.-]+)\/body$/, answerBody],
    ["GET", /^api\/export$/, answerExport],
    ["POST", /^api\/send$/, sendAgain],
    [
      "POST",
      /^api\/logout$/,
      async ({ exchange, reply, visitor }) =>
        answerJson(reply, {}, ["Set-Cookie", await access.leave(exchange, visitor)]),
    ],
  ];

  /** Throws what is to be refused. */
  async function find(config: Config, exchange: Exchange, reply: Reply, visitor: Visitor) {
    const { pathname, searchParams: query } = new URL(exchange.target, "http://relay");
    const path = pathname.slice("/_relay/".length);
    if (path === "open") return open(query.get("code") ?? "", exchange, reply, visitor);
    if (!(await access.isLetIn(exchange, visitor))) return lock(path, reply);

    const here = routes.filter(([, pattern]) => pattern.test(path));
    if (here.length === 0) throw unknownPath(pathname);
    const route = here.find(([method]) => method === exchange.method);
    if (!route) throw methodNotAllowed(exchange.method);
    const id = route[1].exec(path)?.[1] ?? "";
    return route[2]({ exchange, reply, visitor, query, id, config, journal });
  }

  async function open(code: string, exchange: Exchange, reply: Reply, visitor: Visitor) {
    if (exchange.method !== "GET") throw methodNotAllowed(exchange.method);
    const cookie = await access.open(code, visitor);
    if (cookie !== undefined) redirect(reply, "/_relay/", ["Set-Cookie", cookie]);
    // Who goes back in the browser's history is still let in.
    else if (await access.isLetIn(exchange, visitor)) redirect(reply, "/_relay/", []);
    else answerLocked(reply, true);
  }

  return (config) =>
    function page(exchange, reply, visitor) {
      find(config, exchange, reply, visitor).catch((error: unknown) =>
        refuse(reply, error instanceof RelayError ? error : relayBug(error)),
      );
    };
}

/** People are shown a page, programs the error. */
function lock(path: string, reply: Reply): void {
  if (path !== "") throw sessionMissing();
  answerLocked(reply, false);
}

const html = "text/html; charset=utf-8";
const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";
