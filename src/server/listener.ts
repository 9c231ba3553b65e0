import type { Server } from "node:http";
import type { Config } from "../config/settings.ts";
import { methodNotAllowed } from "../errors.ts";
import type { Answerer, Observer, Upgrader } from "../exchange.ts";
import { createDoor } from "./admit.ts";
import { createConnections } from "./connections.ts";
import { createEntrance, type Entrance } from "./entrance.ts";
import { createHttpServer } from "./http-server.ts";
import { createLive, type Live } from "./live.ts";
import { createPeerCheck } from "./other-users.ts";
import type { Page } from "./page.ts";
import { toError } from "./refuse.ts";
import type { TlsPort } from "./tls-port.ts";
import { createTurnAway } from "./turned-away.ts";

/** What the servers of all addresses share. */
export type Listener = {
  /** The port, once it is known; a Unix socket has none. */
  port: number;
  readonly live: Live;
  create(): Server;
  /** Takes new requests in by other settings; resolves once the last of the former ones has ended. */
  use(settings: Settings): Promise<void>;
  /** Cuts every connection now. */
  cut(): void;
  /** Lets go of what it holds, once no server listens any more. */
  close(): void;
};

/** What a reload replaces. */
export type Settings = {
  config: Config;
  answer: Answerer;
  upgrade: Upgrader;
  /** Where there is an inspector. */
  page?: Page;
};

export type Parts = Settings & {
  observers: readonly Observer[];
  tlsPort: TlsPort | undefined;
  env: NodeJS.ProcessEnv;
  /** What ids of requests begin with. */
  mark: string;
};

/** Puts together what a connection passes before its requests are answered. */
export function createListener({ observers, tlsPort, env, mark, ...settings }: Parts): Listener {
  const { config } = settings;
  let ids = 0;
  const newId = () => `${mark}-${(++ids).toString(36)}`;

  const live = createLive();
  let entrance = open(settings);
  const turnAway = createTurnAway(observers, newId);
  let peers = createPeerCheck(config);
  const connections = createConnections(config.limits.connections, () => peers, turnAway);

  function open({ config, ...answerers }: Settings): Entrance {
    const admit = createDoor(config, () => listener.port, env);
    return createEntrance({ config, admit, ...answerers, observers, live, newId });
  }

  function create(): Server {
    const server = createHttpServer(config.limits.headers, {
      request: (req, res, refusal) => entrance.request(req, res, refusal),
      handshake: (req, socket, head) => entrance.handshake(req, socket, head),
      connect({ method = "-", url = "-" }, socket) {
        socket.resume();
        turnAway(socket, methodNotAllowed("CONNECT"), { method, target: url });
      },
      broken(error, socket) {
        // node:http has forgotten the connection, and so has what it called for its end.
        if (takeOver?.(error, socket)) connections.add(socket);
        else turnAway(socket, toError(error, config.limits.headers));
      },
    });
    const takeOver = tlsPort?.join(server);
    connections.guard(server);
    return server;
  }

  const listener: Listener = {
    port: 0,
    live,
    create,
    use(next) {
      const former = entrance;
      entrance = open(next);
      // Tokens stand in for it, and may have come or gone.
      peers?.close();
      peers = createPeerCheck(next.config);
      return former.emptied();
    },
    cut() {
      connections.cut();
      for (const cut of live.inner) cut();
    },
    close: () => peers?.close(),
  };
  return listener;
}
