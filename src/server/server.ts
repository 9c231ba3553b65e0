import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";
import {
  badRequest,
  bodyTooLarge,
  draining,
  headersTooLarge,
  methodNotAllowed,
  overloaded,
  RelayError,
  relayBug,
  requestTimeout,
  unsupportedExpectation,
} from "../errors.ts";
import type { Answerer, Exchange, Observer } from "../exchange.ts";
import { type Admission, createDoor } from "./admit.ts";
import { receiveBody } from "./body.ts";
import { HttpReply } from "./reply.ts";

export type RelayServer = {
  /** The port in use. */
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** Requests that are being answered. */
  readonly live: number;
  /** Stops accepting and resolves when the last live answer has ended, or after `timeouts.drain`. */
  drain(): Promise<void>;
  /** Cuts every connection now. */
  cut(): void;
};

/** Opens the port on all addresses that `config.host` means. Rejects with node's listen error. */
export async function startServer(
  config: Config,
  answer: Answerer,
  observers: readonly Observer[],
): Promise<RelayServer> {
  const listener = createListener(config, answer, observers);
  const hosts = isLoopback(config.host) ? loopbackOf(config.host) : [config.host];
  const servers = await listenOnAll(hosts, config.port, listener.create);
  const { port } = servers[0]!.address() as AddressInfo;
  listener.port = port;
  const name = config.host.includes(":") ? `[${config.host}]` : config.host;

  return {
    port,
    url: `http://${name}:${port}`,
    get live() {
      return listener.live;
    },
    async drain() {
      listener.draining = true;
      const closed = Promise.all(
        servers.map((server) => new Promise((done) => server.close(done))),
      );
      // close() leaves a connection open that becomes idle later.
      const sweep = setInterval(() => closeIdle(servers), 100);
      const deadline = setTimeout(() => cutAll(servers), config.timeouts.drain);
      closeIdle(servers);
      await closed;
      clearInterval(sweep);
      clearTimeout(deadline);
    },
    cut() {
      cutAll(servers);
    },
  };
}

function closeIdle(servers: Server[]): void {
  for (const server of servers) server.closeIdleConnections();
}

function cutAll(servers: Server[]): void {
  for (const server of servers) server.closeAllConnections();
}

/** 127.0.0.1 and ::1 together: `localhost` means the one or the other, depending on the client. */
function loopbackOf(host: string): string[] {
  return host === "127.0.0.1" || host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}

async function listenOnAll(
  hosts: string[],
  wanted: number,
  create: () => Server,
): Promise<Server[]> {
  const servers: Server[] = [];
  let port = wanted;
  try {
    for (const host of hosts) {
      const server = create();
      try {
        await listen(server, host, port);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        // A machine without IPv6 is served on IPv4 alone.
        if (servers.length > 0 && (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")) continue;
        throw error;
      }
      servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
  } catch (error) {
    for (const server of servers) server.close();
    // The free port of one family can be taken in the other: look for a better one.
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (wanted === 0 && taken && servers.length > 0) return listenOnAll(hosts, 0, create);
    throw error;
  }
  return servers;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096, ipv6Only: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

type Listener = {
  port: number;
  live: number;
  draining: boolean;
  create(): Server;
};

function createListener(
  config: Config,
  answer: Answerer,
  observers: readonly Observer[],
): Listener {
  const { limits, timeouts } = config;
  const bodyLimits = { size: limits.body, idleMs: timeouts.upload };
  const run = Date.now().toString(36);
  let count = 0;

  const listener: Listener = { port: 0, live: 0, draining: false, create };
  const admit = createDoor(config, () => listener.port);
  const replyParts = {
    observers: [...observers, { ended: () => listener.live-- }],
    isDraining: () => listener.draining,
    antiBuffering: config.antiBuffering,
  };

  function serve(req: IncomingMessage, res: ServerResponse, refusal?: RelayError): void {
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
    const reply = new HttpReply(exchange, req, res, replyParts);
    try {
      const admission = refusal ?? enter(req, exchange);
      if (!(admission instanceof RelayError)) {
        reply.origin = admission.origin;
        if (admission.preflight) answerPreflight(req, reply);
        else proceed(req, res, exchange, reply);
        return;
      }
      reply.fail(admission);
    } catch (cause) {
      reply.fail(relayBug(cause));
    }
  }

  function enter(req: IncomingMessage, exchange: Exchange): Admission | RelayError {
    const admission = admit(req);
    if (admission instanceof RelayError) return admission;
    exchange.target = admission.target;
    if (admission.client !== undefined) exchange.client = admission.client;
    if (listener.draining) return draining();
    if (limits.requests > 0 && listener.live > limits.requests) return overloaded(limits.requests);
    if (limits.body > 0 && (exchange.bodyLength ?? 0) > limits.body)
      return bodyTooLarge(limits.body);
    return admission;
  }

  function proceed(
    req: IncomingMessage,
    res: ServerResponse,
    exchange: Exchange,
    reply: HttpReply,
  ): void {
    // Only now: what is turned away must not be invited to send its body (RFC 9110 section 10.1.1).
    if (req.headers.expect !== undefined) res.writeContinue();
    receiveBody(req, exchange, bodyLimits, () => {
      try {
        answer(exchange, reply);
      } catch (cause) {
        reply.fail(relayBug(cause));
      }
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
    });
    server.maxConnections = limits.connections;
    // Its default of 2,000 lines is another limit than the documented one of bytes.
    server.maxHeadersCount = 0;
    server.on("request", (req, res) => serve(req, res));
    server.on("checkContinue", (req, res) => serve(req, res));
    server.on("checkExpectation", (req, res) =>
      serve(req, res, unsupportedExpectation(req.headers.expect ?? "")),
    );
    server.on("connect", (_req, socket: Socket) => refuse(socket, methodNotAllowed("CONNECT")));
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      // Bytes after "Connection: close" are no request and cost nobody the answer.
      if (error.code === "HPE_CLOSED_CONNECTION") return;
      refuse(socket, toRefusal(error, limits.headers));
    });
    return server;
  }

  return listener;
}

function answerPreflight(req: IncomingMessage, reply: HttpReply): void {
  const origin = reply.origin!;
  reply.origin = undefined;
  const wanted = req.headers["access-control-request-headers"];
  const grants = ["Access-Control-Allow-Origin", origin, "Vary", "Origin"];
  grants.push("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (wanted !== undefined) grants.push("Access-Control-Allow-Headers", wanted);
  if (req.headers["access-control-request-private-network"])
    grants.push("Access-Control-Allow-Private-Network", "true");
  reply.head(204, "No Content", [...grants, "Access-Control-Max-Age", "600"]);
}

function toRefusal(error: NodeJS.ErrnoException, headerLimit: number): RelayError {
  if (error.code === "HPE_HEADER_OVERFLOW") return headersTooLarge(headerLimit);
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return requestTimeout("The head of the request");
  return badRequest("Malformed request.");
}

/** Answers where node:http has no response object to answer with, and closes. */
function refuse(socket: Socket, error: RelayError): void {
  const answered = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage?.headersSent;
  if (!socket.writable || answered) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(error);
  const lines = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-relay-error: ${error.code}`,
    `x-should-retry: ${error.retry}`,
    "Connection: close",
  ];
  for (let i = 0; i < error.headers.length; i += 2)
    lines.push(`${error.headers[i]}: ${error.headers[i + 1]}`);
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
