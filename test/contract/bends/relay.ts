import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { loadConfig } from "../../../src/config/load.ts";
import { createAnswerer } from "../../../src/relay.ts";
import { createHealth, createRouter } from "../../../src/server/router.ts";
import { startServer } from "../../../src/server/server.ts";
import { testKey } from "../../support/relay.ts";
import { adminKey } from "../contract.ts";
import type { Bend } from "./bend.ts";

export type BentRelay = AsyncDisposable & { port: number };

/** A relay that has the bend, in front of an upstream on this port. */
export async function startBentRelay(
  bend: Omit<Bend, "shows">,
  upstream: number,
): Promise<BentRelay> {
  await using stack = new AsyncDisposableStack();
  const above = stack.use(await startPipe(upstream, (bytes) => onRequest(bytes, bend.up)));
  const flags = { port: "0", upstream: `http://127.0.0.1:${above.port}` };
  const { config } = await loadConfig({ flags, env: {}, cwd: process.cwd(), config: false });
  const keys = { OPENAI_API_KEY: testKey, OPENAI_ADMIN_KEY: adminKey };
  const inside = await createAnswerer(config, keys);
  stack.defer(inside.close);
  const answer = bend.inside?.(inside.answer) ?? inside.answer;
  const upgrade = bend.upgrade?.(inside.upgrade) ?? inside.upgrade;
  const health = createHealth({ done: 0, failed: 0 });
  const routed = createRouter({ health }, answer);
  const server = await startServer({ config, answer: routed, upgrade }, []);
  stack.defer(() => {
    server.cut();
    return server.drain();
  });
  const below = stack.use(await startPipe(server.port, undefined, bend.down));
  const started = stack.move();
  return { port: below.port, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function onRequest(bytes: string, change: Bend["up"]): string {
  const end = bytes.indexOf("\r\n\r\n") + 2;
  if (!change || end < 2 || !/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(bytes)) return bytes;
  return change(bytes.slice(0, end)) + bytes.slice(end);
}

/** A connection that passes bytes on, changed or not, and the way in which it ends. */
async function startPipe(
  port: number,
  up: (bytes: string) => string = (bytes) => bytes,
  down: Bend["down"] = (bytes) => bytes,
): Promise<BentRelay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    let asked = "";
    near.on("data", (bytes) => {
      asked = bytes.toString("latin1").replaceAll(own, `127.0.0.1:${port}`);
      far.write(up(asked), "latin1");
    });
    far.on("data", (bytes) => near.write(down(bytes.toString("latin1"), asked), "latin1"));
    join(near, far);
    join(far, near);
    sockets.add(near).add(far);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function join(from: Socket, to: Socket): void {
  from.on("end", () => to.end());
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => to.destroySoon());
}
