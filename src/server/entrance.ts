import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Config } from "../config/settings.ts";
import {
  bodyTooLarge,
  draining,
  overloaded,
  type RelayError,
  relayBug,
  websocketDisabled,
} from "../errors.ts";
import type { Answerer, Exchange, Observer, Upgrader } from "../exchange.ts";
import type { Visit } from "./admit.ts";
import { receiveBody } from "./body.ts";
import type { Handlers } from "./http-server.ts";
import { createInner } from "./inner.ts";
import type { Live } from "./live.ts";
import { isOfPage, type Page, pageHeaders, type Visitor } from "./page.ts";
import { answerPreflight } from "./preflight.ts";
import { HttpReply } from "./reply.ts";
import { boundRest } from "./rest.ts";
import { own } from "./router.ts";
import { responseOn } from "./upgrade.ts";

export type Parts = {
  config: Config;
  admit: (req: IncomingMessage) => Visit;
  answer: Answerer;
  upgrade: Upgrader;
  page?: Page;
  observers: readonly Observer[];
  live: Live;
  newId: () => string;
};

/** What takes requests in, by the settings that it was made with. */
export type Entrance = Pick<Handlers, "request" | "handshake"> & {
  /** Resolves once everything that came in here has ended. */
  emptied(): Promise<void>;
};

/** Takes requests in: each passes the door, gives its body, and is answered. */
export function createEntrance(parts: Parts): Entrance {
  const { config, admit, answer, upgrade, page, live, newId } = parts;
  const { limits, timeouts } = config;
  const bodyLimits = { size: limits.body, idleMs: timeouts.upload };
  const replyParts = {
    // The last to hear of an ending, so that nothing is left to tell once nothing is live.
    observers: [...parts.observers, { ended: leave }],
    isDraining: () => live.isDraining,
    antiBuffering: config.antiBuffering,
  };
  /** The page that shows calls is none, and takes no room from them. */
  const quiet = { ...replyParts, observers: [] };
  const { observers } = replyParts;
  const targetLimit = limits.target;
  const send = createInner({ targetLimit, answer, observers, live, shortage, newId, arrive });

  let inside = 0;
  let whenEmpty = () => {};

  function arrive(): void {
    inside++;
    live.count++;
  }

  function leave(): void {
    inside--;
    live.leave();
    if (inside === 0) whenEmpty();
  }

  /** `expectation`: why what the client expects cannot be met. */
  function request(req: IncomingMessage, res: ServerResponse, expectation?: RelayError): void {
    const { exchange, reply } = begin(req, res);
    try {
      enter(req, res, exchange, reply, expectation);
    } catch (cause) {
      reply.fail(relayBug(cause));
    }
  }

  /** A WebSocket handshake: through the same door, then to whoever opens tunnels. */
  function handshake(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const res = responseOn(req, socket, head);
    if (!res) return;
    live.tunnels.add(socket);
    socket.once("close", () => live.tunnels.delete(socket));
    const { exchange, reply } = begin(req, res);
    try {
      const refusal = check(req, exchange, reply).refusal;
      if (refusal) reply.fail(refusal);
      else if (config.websocket) upgrade(exchange, reply);
      else reply.fail(websocketDisabled());
    } catch (cause) {
      reply.fail(relayBug(cause));
    }
  }

  function begin(req: IncomingMessage, res: ServerResponse) {
    const length = req.headers["content-length"];
    const target = req.url ?? "/";
    const exchange: Exchange = {
      id: newId(),
      method: req.method ?? "GET",
      target,
      headers: req.rawHeaders,
      body: null,
      bodyLength: length === undefined ? undefined : Number(length),
      startedAt: performance.now(),
      bytesIn: 0,
    };
    const isQuiet = isOfPage(target);
    if (!isQuiet) arrive();
    return { exchange, reply: new HttpReply(exchange, req, res, isQuiet ? quiet : replyParts) };
  }

  /** The door, and whether there is room. */
  function check(req: IncomingMessage, exchange: Exchange, reply: HttpReply): Visit {
    const visit = admit(req);
    exchange.target = visit.target;
    // Answered in any case: else the page could not read why its request is turned away.
    if (visit.isPreflight) return visit;
    reply.origin = visit.origin;
    reply.isForShow = visit.isNavigation ?? false;
    if (visit.client !== undefined) exchange.client = visit.client;
    visit.refusal ??= shortage(exchange);
    return visit;
  }

  function enter(
    req: IncomingMessage,
    res: ServerResponse,
    exchange: Exchange,
    reply: HttpReply,
    expectation: RelayError | undefined,
  ): void {
    const visit = check(req, exchange, reply);
    const refusal = visit.refusal ?? expectation;
    if (refusal) {
      boundRest(req, res, timeouts.upload);
      if (visit.isOfPage) refusal.headers.push(...pageHeaders);
      reply.fail(refusal);
      return;
    }
    if (visit.isPreflight) {
      answerPreflight(req, reply, visit.origin!);
      return;
    }
    // Only now: what is turned away must not be invited to send its body (RFC 9110 section 10.1.1).
    if (req.headers.expect !== undefined && req.httpVersionMinor === 1) res.writeContinue();
    receiveBody(req, exchange, bodyLimits, reply.received, () => {
      if (!req.complete) boundRest(req, res, timeouts.upload);
      try {
        if (visit.isOfPage && page) page(exchange, reply, toVisitor(req));
        else answer(exchange, reply);
      } catch (cause) {
        reply.fail(relayBug(cause));
      }
    });
  }

  function toVisitor({ socket }: IncomingMessage): Visitor {
    return { port: socket.localPort ?? 0, isSecure: "encrypted" in socket, send };
  }

  /** What the relay has no room for, whoever asks. */
  function shortage({ bodyLength = 0, target }: Exchange): RelayError | undefined {
    if (live.isDraining) return draining();
    if (target.startsWith(own)) return undefined;
    if (limits.requests > 0 && live.count > limits.requests) return overloaded(limits.requests);
    if (limits.body > 0 && bodyLength > limits.body) return bodyTooLarge(limits.body);
    return undefined;
  }

  return {
    request,
    handshake,
    emptied: () =>
      new Promise((resolve) => {
        if (inside === 0) resolve();
        else whenEmpty = resolve;
      }),
  };
}
