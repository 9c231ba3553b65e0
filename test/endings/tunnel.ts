import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { Outcome } from "../../src/exchange.ts";
import { createSide, playSide, type Side } from "./side.ts";
import { stuckAfter } from "./stage.ts";
import type { TunnelPlan } from "./tunnel-plan.ts";

/** What is known of one WebSocket, from all who saw it. */
export type Tunnel = {
  readonly id: number;
  readonly plan: TunnelPlan;
  readonly client: Side;
  readonly upstream: Side;
  arrivals: number;
  /** When upstream got the handshake. */
  arrivedAt: number;
  /** Connections of upstream that are at it. */
  serving: number;
  /** What the client got instead of a tunnel, or before it. */
  answer: Buffer;
  switched: boolean;
  /** The client waited for an end that did not come. */
  isStuck: boolean;
  asked: number;
  outcomes: Outcome[];
  /** Lines of the log that say more than that it happened. */
  blamed: number;
};

export function createTunnel(id: number, plan: TunnelPlan): Tunnel {
  return {
    id,
    plan,
    client: createSide(plan.client, "c"),
    upstream: createSide(plan.upstream, "u"),
    arrivals: 0,
    arrivedAt: 0,
    serving: 0,
    answer: Buffer.alloc(0),
    switched: false,
    isStuck: false,
    asked: 0,
    outcomes: [],
    blamed: 0,
  };
}

const switching =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";

/** Plays upstream's part on one connection. */
export function playTunnelUpstream(
  connection: Duplex,
  raw: Socket,
  tunnelOf: (id: number) => Tunnel,
): void {
  const end = () => connection.end();
  connection.on("error", () => {});
  connection.on("end", end);
  afterHead(connection, async (head) => {
    const tunnel = tunnelOf(Number(/^GET \/v1\/(\d+) /.exec(head)?.[1]));
    const { handshake } = tunnel.plan;
    tunnel.arrivals++;
    tunnel.arrivedAt = performance.now();
    tunnel.serving++;
    raw.once("close", () => tunnel.serving--);
    if (handshake === "switched") {
      connection.off("end", end);
      connection.write(switching);
      await playSide(tunnel.upstream, connection, raw);
    } else if (handshake === "refused") connection.end(refusal);
    else {
      const said = switching.slice(0, handshake.at * switching.length);
      await new Promise((sent) => connection.write(said, sent));
      if (handshake.how === "end") connection.end();
      else if (handshake.how === "reset") raw.resetAndDestroy();
    }
  });
}

/** Plays the client's part, until its connection is closed. */
export async function playTunnelClient(tunnel: Tunnel, port: number, ca: string): Promise<void> {
  const { plan, client } = tunnel;
  const raw = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const connection = plan.tls
    ? connectTls({ socket: raw, host: "127.0.0.1", ca, allowHalfOpen: true } as object)
    : raw;
  const closed = new Promise((resolve) => raw.once("close", resolve));
  raw.on("error", () => {});
  connection.on("error", () => {});
  const lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  connection.write(
    [`GET /v1/${tunnel.id} HTTP/1.1`, "Host: localhost", ...lines, key, "", ""].join("\r\n"),
  );
  const leave = () => {
    if (raw.destroyed || client.left) return;
    client.left = { at: performance.now(), by: "destroy" };
    raw.destroy();
  };
  const giveUp = () => {
    tunnel.isStuck = true;
    raw.destroy();
  };
  const timers = [setTimeout(giveUp, stuckAfter)];
  if (plan.leavesIn !== null) timers.push(setTimeout(leave, plan.leavesIn));

  const end = () => connection.end();
  connection.on("end", end);
  afterHead(connection, async (head) => {
    tunnel.answer = Buffer.from(head);
    if (!head.startsWith("HTTP/1.1 101 ")) {
      connection.on("data", (bytes) => {
        tunnel.answer = Buffer.concat([tunnel.answer, bytes]);
      });
      return;
    }
    tunnel.switched = true;
    connection.off("end", end);
    await playSide(client, connection, raw);
  });
  await closed;
  for (const timer of timers) clearTimeout(timer);
}

/** Calls `then` with the head of a message; what follows it comes as data once more. */
function afterHead(connection: Duplex, then: (head: string) => void): void {
  let received = Buffer.alloc(0);
  connection.on("data", function read(bytes: Buffer) {
    received = Buffer.concat([received, bytes]);
    const end = received.indexOf("\r\n\r\n") + 4;
    if (end < 4) return;
    connection.off("data", read);
    then(received.toString("latin1", 0, end));
    if (end < received.length) connection.emit("data", received.subarray(end));
  });
}
