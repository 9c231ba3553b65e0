import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Config } from "../config/settings.ts";
import {
  bodyTooLarge,
  draining,
  methodNotAllowed,
  overloaded,
  type RelayError,
  relayBug,
  unsupportedExpectation,
  websocketDisabled,
} from "../errors.ts";
import type { Answerer, Exchange, Observer, Upgrader } from "../exchange.ts";
import { createDoor, type Visit } from "./admit.ts";
import { receiveBody } from "./body.ts";
import { answerPreflight } from "./preflight.ts";
import { refuse, toRefusal } from "./refuse.ts";
import { HttpReply } from "./reply.ts";
import { own } from "./router.ts";
import type { TlsPort } from "./tls-port.ts";
import { inTurn } from "./turn.ts";
import { isWebSocket, responseOn, serveAsPlain } from "./upgrade.ts";

/** Milliseconds for the rest of a body whose answer is out already. */
const restMs = 30_000;

/** What the servers of all addresses share. */
export type Listener = {
  port: number;
  live: number;
  /** Resolves once nothing is live. */
  idle(): Promise<void>;
  draining: boolean;
  /** Connections that have switched protocols, or are about to. */
  readonly tunnels: Set<Socket>;
  create(): Server;
};

/** Takes requests in: each passes the door, gives its body, and is answered. */
export function createListener(
  config: Config,
  answer: Answerer,
  upgrade: Upgrader,
  observers: readonly Observer[],
  tlsPort: TlsPort | undefined,
  env: NodeJS.ProcessEnv,
): Listener {
  const { limits, timeouts } = config;
  const bodyLimits = { size: limits.body, idleMs: timeouts.upload };
  const run = Date.now().toString(36);
  let count = 0;
  let whenIdle = () => {};

  const listener: Listener = {
    port: 0,
    live: 0,
    idle: () =>
      new Promise((resolve) => {
        if (listener.live === 0) resolve();
        else whenIdle = resolve;
      }),
    draining: false,
    tunnels: new Set(),
    create,
  };
  const admit = createDoor(config, () => listener.port, env);
  const replyParts = {
    // The last to hear of an ending, so that nothing is left to tell once nothing is live.
    observers: [...observers, { ended: leave }],
    isDraining: () => listener.draining,
    antiBuffering: config.antiBuffering,
  };

  function leave(): void {
    listener.live--;
    if (listener.live === 0) whenIdle();
  }

  function serve(req: IncomingMessage, res: ServerResponse, refusal?: RelayError): void {
    const { exchange, reply } = begin(req, res);
    try {
      enter(req, res, exchange, reply, refusal);
    } catch (cause) {
      reply.fail(relayBug(cause));
    }
  }

  function begin(req: IncomingMessage, res: ServerResponse) {
    const length = req.headers["content-length"];
    const exchange: Exchange = {
      id: `${run}-${(++count).toString(36)}`,
      method: req.method ?? "GET",
      target: req.url ?? "/",
      headers: req.rawHeaders,
      body: null,
      bodyLength: length === undefined ? undefined : Number(length),
      startedAt: performance.now(),
      bytesIn: 0,
    };
    listener.live++;
    return { exchange, reply: new HttpReply(exchange, req, res, replyParts) };
  }

  /** A WebSocket handshake: through the same door, then to whoever opens tunnels. */
  function switchProtocols(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const res = responseOn(req, socket, head);
    if (!res) return;
    listener.tunnels.add(socket);
    socket.once("close", () => listener.tunnels.delete(socket));
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

  /** The door, and whether there is room. */
  function check(req: IncomingMessage, exchange: Exchange, reply: HttpReply): Visit {
    const visit = admit(req);
    exchange.target = visit.target;
    // Answered in any case: else the page could not read why its request is turned away.
    if (visit.isPreflight) return visit;
    reply.origin = visit.origin;
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
      boundRest(req, res);
      reply.fail(refusal);
      return;
    }
    if (visit.isPreflight) {
      answerPreflight(req, reply, visit.origin!);
      return;
    }
    // Only now: what is turned away must not be invited to send its body (RFC 9110 section 10.1.1).
    if (req.headers.expect !== undefined && req.httpVersionMinor === 1) res.writeContinue();
    receiveBody(req, exchange, bodyLimits, () => {
      if (!req.complete) boundRest(req, res);
      try {
        answer(exchange, reply);
      } catch (cause) {
        reply.fail(relayBug(cause));
      }
    });
  }

  /** What the relay has no room for, whoever asks. */
  function shortage({ bodyLength = 0, target }: Exchange): RelayError | undefined {
    if (listener.draining) return draining();
    if (target.startsWith(own)) return undefined;
    if (limits.requests > 0 && listener.live > limits.requests) return overloaded(limits.requests);
    if (limits.body > 0 && bodyLength > limits.body) return bodyTooLarge(limits.body);
    return undefined;
  }

  /** An answer may overtake the body: the rest is read away, so that no reset takes the answer back. */
  function boundRest(req: IncomingMessage, res: ServerResponse): void {
    res.once("close", () => {
      if (req.complete || req.destroyed) return;
      const ms = timeouts.upload > 0 ? Math.min(timeouts.upload, restMs) : restMs;
      const timer = setTimeout(() => req.socket.destroy(), ms);
      req.once("close", () => clearTimeout(timer));
    });
  }

  function create(): Server {
    const server = createServer({
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      keepAliveTimeout: 75_000,
      headersTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
      requestTimeout: 0,
      maxHeaderSize: limits.headers,
      insecureHTTPParser: false,
      // The door looks at Host, and its refusal has a body.
      requireHostHeader: false,
      // Where node:http knows it, other upgrades are plain requests from the start.
      shouldUpgradeCallback: isWebSocket,
    } as ServerOptions);
    server.maxConnections = limits.connections;
    // Its default of 2,000 lines is another limit than the documented one of bytes.
    server.maxHeadersCount = 0;
    server.on("request", (req, res) => inTurn(serve, req, res));
    server.on("checkContinue", (req, res) => inTurn(serve, req, res));
    server.on("checkExpectation", (req, res) => {
      const refusal = unsupportedExpectation(req.headers.expect ?? "");
      inTurn(serve, req, res, refusal);
    });
    server.on("upgrade", (req, socket: Socket, head) => {
      if (isWebSocket(req)) switchProtocols(req, socket, head);
      else serveAsPlain(server, req, socket, head);
    });
    server.on("connect", (_req, socket: Socket) => {
      socket.resume();
      refuse(socket, methodNotAllowed("CONNECT"));
    });
    const takeOver = tlsPort?.join(server);
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      if (takeOver?.(error, socket)) return;
      refuse(socket, toRefusal(error, limits.headers));
    });
    return server;
  }

  return listener;
}
