import { once } from "node:events";
import { get as getPlain, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { Agent, get as getSecure } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export type Answer = {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The connection had carried a request before. */
  reused: boolean;
};

/** Asks by http:// or https:// and waits for the whole answer. */
export async function ask(
  get: typeof getPlain | typeof getSecure,
  options: RequestOptions & { ca?: string; servername?: string },
): Promise<Answer> {
  const request = get({ host: "127.0.0.1", path: "/_relay/health", ...options });
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  const { statusCode: status, headers } = response;
  return { status, headers, text, reused: request.reusedSocket };
}

export { getPlain, getSecure };

export type TlsConnection = Disposable & {
  readonly text: string;
  until(part: string): Promise<void>;
  closed(): Promise<void>;
};

/** Connects by TLS and writes `bytes` (latin-1). */
export async function tlsConnection(
  options: { port: number; ca: string; maxVersion?: "TLSv1.2" },
  bytes: string,
): Promise<TlsConnection> {
  const socket = connectTls({ host: "127.0.0.1", ...options });
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  const close = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "secureConnect");
  socket.write(bytes, "latin1");
  return {
    get text() {
      return text;
    },
    async until(part) {
      while (!text.includes(part)) {
        const more = await Promise.race([once(socket, "data"), close.then(() => undefined)]);
        if (!more && !text.includes(part)) throw new Error(`closed before ${part}: ${text}`);
      }
    },
    async closed() {
      await close;
    },
    [Symbol.dispose]: () => {
      socket.destroy();
    },
  };
}

/** An agent that keeps its one connection. */
export function createKeepingAgent(ca: string): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

export type Lane = AsyncDisposable & {
  port: number;
  /** All that came back. */
  answers: Buffer[];
};

/** A way to `port` on which every byte of the client travels alone. */
export async function startLane(port: number): Promise<Lane> {
  const answers: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const relay = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const [socket, other] of [
      [client, relay],
      [relay, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => other.destroy());
    }
    relay.on("data", (chunk) => {
      answers.push(chunk);
      client.write(chunk);
    });
    sendSingly(client, relay);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    answers,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function sendSingly(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from)
      for (const byte of chunk as Buffer)
        await new Promise((resolve) => to.write(Buffer.of(byte), () => setImmediate(resolve)));
  } catch {
    // Whoever closed has had enough.
  }
}
