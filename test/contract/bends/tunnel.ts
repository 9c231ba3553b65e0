import { Duplex } from "node:stream";
import type { Where } from "../../../src/conformance/differences.ts";
import { frame } from "../../../src/conformance/frames.ts";
import type { Line } from "../../../src/conformance/wire.ts";
import { websocketDisabled } from "../../../src/errors.ts";
import type { UpgradeReply, Upgrader } from "../../../src/exchange.ts";
import { altered, type Bend, toLines, without } from "./bend.ts";

const pong = frame({ opcode: "pong", payload: Buffer.from("own") });

/** What proxies do to WebSockets. */
export const tunnelBends: Bend[] = [
  {
    name: "tunnel: drops extensions that were offered",
    shows: "request headers",
    upgrade: (next) => (exchange, reply) => {
      const lines = toLines(exchange.headers);
      exchange.headers = without(lines, /^sec-websocket-extensions$/i).flat();
      next(exchange, reply);
    },
  },
  {
    name: "tunnel: passes the key among the subprotocols",
    shows: "request headers",
    up: (head) =>
      head.replace(/^sec-websocket-protocol: .*/im, "$&, openai-insecure-api-key.dummy"),
  },
  headers("drops header lines of the 101", (lines) => without(lines, /^x-request-id$/i)),
  headers("answers no subprotocol", (lines) => without(lines, /^sec-websocket-protocol$/i)),
  headers("adds Date to the 101", (lines) => [...lines, ["Date", "now"]]),
  {
    name: "tunnel: opens none",
    shows: "status line",
    upgrade: () => (_exchange, reply) => reply.fail(websocketDisabled()),
  },
  {
    name: "tunnel: answers refusals in its own words",
    shows: "status line",
    upgrade: (next) => (exchange, reply) =>
      next(exchange, altered(reply, { head: () => reply.fail(websocketDisabled()) })),
  },
  bytes("loses what came right behind the 101", "answer body", () => {
    let count = 0;
    return { heard: (chunk) => (count++ === 0 ? empty : chunk) };
  }),
  bytes("loses a byte of what the client says", "request body", () => ({
    said: (chunk) => chunk.subarray(0, -1),
  })),
  bytes("answers pings itself", "answer body", () => ({
    heard: (chunk) => Buffer.concat([chunk, pong]),
  })),
  bytes("sends pings of its own", "request body", () => ({
    said: (chunk) => Buffer.concat([chunk, pong]),
  })),
  bytes("changes close codes", "answer body", () => ({
    heard: (chunk) => Buffer.from(chunk.toString("hex").replace(/(?<=8.0c)..../, "03e8"), "hex"),
  })),
  bytes("holds back what upstream says until more comes", "ending", () => {
    let held: Buffer = empty;
    return {
      heard(chunk) {
        const before = held;
        held = chunk;
        return before;
      },
    };
  }),
  bytes("ends in order what the client has reset", "requests", () => ({})),
  bytes("ends in order what upstream has reset", "ending", () => ({ isGentle: true })),
  bytes("ends both directions when one has ended", "request body", () => ({ isHasty: true })),
];

type Change = {
  heard?: (chunk: Buffer) => Buffer;
  said?: (chunk: Buffer) => Buffer;
  /** Takes a reset for an end. */
  isGentle?: boolean;
  /** Takes an end of one direction for the end of both. */
  isHasty?: boolean;
};

const empty: Buffer = Buffer.alloc(0);

function headers(name: string, change: (lines: Line[]) => Line[]): Bend {
  const upgrade = onTunnel((reply, list, upstream) =>
    reply.tunnel(change(toLines(list)).flat(), upstream),
  );
  return { name: `tunnel: ${name}`, shows: "answer headers", upgrade };
}

function bytes(name: string, shows: Where, create: () => Change): Bend {
  const upgrade = onTunnel((reply, list, upstream) =>
    reply.tunnel(list, around(upstream, create())),
  );
  return { name: `tunnel: ${name}`, shows, upgrade };
}

type Open = (reply: UpgradeReply, ...args: Parameters<UpgradeReply["tunnel"]>) => void;

function onTunnel(open: Open): (next: Upgrader) => Upgrader {
  return (next) => (exchange, reply) => {
    const tunnel: UpgradeReply["tunnel"] = (...args) => open(reply, ...args);
    next(exchange, altered(reply, { tunnel }));
  };
}

/** The upstream's connection behind another one, which changes what passes. */
function around(upstream: Duplex, { heard, said, isGentle, isHasty }: Change): Duplex {
  const outer = new Duplex({
    read: () => void upstream.resume(),
    write: (chunk, _encoding, done) => upstream.write(said?.(chunk) ?? chunk, done),
    final: (done) => upstream.end(done),
    destroy(error, done) {
      upstream.destroy();
      done(error);
    },
  });
  upstream.on("data", (chunk) => outer.push(heard?.(chunk) ?? chunk));
  upstream.on("end", () => {
    outer.push(null);
    if (isHasty) upstream.destroy();
  });
  upstream.on("error", (error) => (isGentle ? outer.push(null) : outer.destroy(error)));
  return outer;
}
