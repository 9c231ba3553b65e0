import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { type RelayError, unsupportedExpectation } from "../errors.ts";
import { inTurn } from "./turn.ts";
import { isWebSocket, serveAsPlain } from "./upgrade.ts";

/** What node:http hands over. */
export type Handlers = {
  request(req: IncomingMessage, res: ServerResponse, refusal?: RelayError): void;
  /** A WebSocket handshake. */
  handshake(req: IncomingMessage, socket: Socket, head: Buffer): void;
  connect(req: IncomingMessage, socket: Socket): void;
  /** What never became a request, or broke off within one. */
  broken(error: NodeJS.ErrnoException, socket: Socket): void;
};

/** node:http as the relay wants it: strict, patient with uploads, quick to close on a head that stalls. */
export function createHttpServer(headerLimit: number, on: Handlers): Server {
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    keepAliveTimeout: 75_000,
    headersTimeout: 20_000,
    connectionsCheckingInterval: 2_000,
    requestTimeout: 0,
    maxHeaderSize: headerLimit,
    insecureHTTPParser: false,
    // The door looks at Host, and its refusal has a body.
    requireHostHeader: false,
    // Where node:http knows it, other upgrades are plain requests from the start.
    shouldUpgradeCallback: isWebSocket,
  } as ServerOptions);
  // Its default of 2,000 lines is another limit than the documented one of bytes.
  server.maxHeadersCount = 0;
  server.on("request", (req, res) => inTurn(on.request, req, res));
  server.on("checkContinue", (req, res) => inTurn(on.request, req, res));
  server.on("checkExpectation", (req, res) => {
    const refusal = unsupportedExpectation(req.headers.expect ?? "");
    inTurn(on.request, req, res, refusal);
  });
  server.on("upgrade", (req, socket: Socket, head) => {
    if (isWebSocket(req)) on.handshake(req, socket, head);
    else serveAsPlain(server, req, socket, head);
  });
  server.on("connect", on.connect);
  server.on("clientError", on.broken);
  return server;
}
