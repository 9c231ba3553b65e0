import { createHash } from "node:crypto";
import { once } from "node:events";
import { expect, test } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { toOpenAILines } from "../../src/conformance/expected-lines.ts";
import { usualTerms } from "../../src/conformance/terms.ts";
import type { Line } from "../../src/conformance/wire.ts";
import { startRelay, testKey } from "../support/relay.ts";
import { startWebSocketUpstream } from "../support/websocket.ts";

// WebSockets by the package ws on both ends: what each of them hears, with the relay and without.

type Scenario = {
  protocols?: string[];
  options?: ClientOptions;
  talk(socket: WebSocket): unknown;
};

const big = Buffer.alloc(1_000_000, "0123456789");

const scenarios: Record<string, Scenario> = {
  "messages of every kind": {
    async talk(socket) {
      for (const message of ["text ☃", "", Buffer.from([0, 255, 13, 10]), Buffer.alloc(0), big]) {
        socket.send(message);
        await once(socket, "message");
      }
      socket.close(1000);
    },
  },
  "compressed messages": {
    options: { perMessageDeflate: { threshold: 0 } },
    async talk(socket) {
      for (const message of ["short", big, big]) {
        socket.send(message);
        await once(socket, "message");
      }
      socket.close(1000, "done ☃");
    },
  },
  "no compression offered": {
    options: { perMessageDeflate: false },
    async talk(socket) {
      socket.send(big);
      await once(socket, "message");
      socket.close();
    },
  },
  "a message in fragments, with pings between": {
    async talk(socket) {
      socket.send("one ", { fin: false });
      socket.ping("first");
      socket.send("two ", { fin: false });
      socket.pong("unasked");
      socket.send("three", { fin: true });
      await once(socket, "message");
      socket.close(1000);
    },
  },
  "pings from upstream": {
    async talk(socket) {
      socket.send("ping");
      await once(socket, "ping");
      socket.send("after");
      await once(socket, "message");
      socket.close(1000);
    },
  },
  "a subprotocol and a key": {
    protocols: ["realtime", "openai-insecure-api-key.dummy"],
    talk: (socket) => socket.close(1000),
  },
  "nothing but a key": {
    protocols: ["openai-insecure-api-key.dummy"],
    talk: (socket) => socket.close(1000),
  },
  "an ephemeral secret": {
    protocols: ["realtime", "openai-insecure-api-key.ek_1"],
    talk: (socket) => socket.close(1000),
  },
  "header lines of its own": {
    options: { headers: { Authorization: "Bearer dummy", "OpenAI-Beta": "x=1", Cookie: "a=b" } },
    talk: (socket) => socket.close(1000),
  },
  "a client that vanishes": { talk: (socket) => socket.terminate() },
  "an upstream that vanishes": { talk: (socket) => socket.send("terminate") },
  ...Object.fromEntries(
    [1000, 1001, 1002, 1008, 1011, 1012, 3000, 4999].flatMap((code): [string, Scenario][] => [
      [`closed by upstream with ${code}`, { talk: (socket) => socket.send(`close ${code}`) }],
      [`closed by the client with ${code}`, { talk: (socket) => socket.close(code, "bye ☃") }],
    ]),
  ),
};

const added = ["x-request-id: req_1", "Set-Cookie: a=1", "Set-Cookie: b=2", "openai-model: m"];

test.each(Object.keys(scenarios))("%s", async (name) => {
  let heard: string[] = [];
  let over = Promise.withResolvers<void>();
  await using upstream = await startWebSocketUpstream({
    headers: added,
    perMessageDeflate: true,
    onConnection(socket) {
      listen(socket, heard, over.resolve);
      socket.on("message", (data, isBinary) => answer(socket, data as Buffer, isBinary));
    },
  });
  await using relay = await startRelay({ upstream: upstream.url });

  const direct = await run(upstream.port);
  const relayed = await run(relay.port);

  const circumstances = { isHandshake: true, hasBody: false };
  const { lines, ...rest } = direct;
  expect(relayed).toEqual({
    ...rest,
    lines: toOpenAILines(lines, circumstances, usualTerms(testKey)),
  });

  async function run(port: number) {
    heard = [];
    over = Promise.withResolvers();
    const { protocols = [], options, talk } = scenarios[name]!;
    const url = `ws://127.0.0.1:${port}/v1/realtime?model=a%2Fb&x[]=%5B`;
    const socket = new WebSocket(url, protocols, options);
    const events: string[] = [];
    const closed = new Promise<void>((resolve) => listen(socket, events, resolve));
    const [[response]] = await Promise.all([once(socket, "upgrade"), once(socket, "open")]);
    await talk(socket);
    await Promise.all([closed, over.promise]);

    const { protocol, extensions } = socket;
    const request = upstream.handshakes.at(-1)!;
    const { url: target, httpVersion } = request;
    return {
      first: `${request.method} ${target} ${httpVersion}`,
      lines: toLines(request.rawHeaders),
      heard,
      client: {
        status: response.statusCode,
        protocol,
        extensions,
        events,
        // Their order is compared elsewhere: here a server of its own habits answers.
        answer: toLines(response.rawHeaders).sort(),
      },
    };
  }
});

/** Writes down what a side of a WebSocket hears. */
function listen(socket: WebSocket, events: string[], over: () => void): void {
  const digest = (data: Buffer) => createHash("sha256").update(data).digest("base64");
  socket.on("message", (data: Buffer, isBinary) =>
    events.push(`${isBinary ? "bytes" : "text"} ${digest(data)}`),
  );
  socket.on("ping", (data) => events.push(`ping ${data}`));
  socket.on("pong", (data) => events.push(`pong ${data}`));
  socket.on("error", (error) => events.push(`error ${error.message}`));
  socket.on("close", (code, reason) => {
    events.push(`close ${code} ${reason}`);
    over();
  });
}

/** An upstream that does as it is told, and repeats everything else. */
function answer(socket: WebSocket, data: Buffer, isBinary: boolean): void {
  const text = isBinary ? "" : String(data);
  const [, code] = /^close (\d+)$/.exec(text) ?? [];
  if (code) socket.close(Number(code), "so long ☃");
  else if (text === "terminate") socket.terminate();
  else if (text === "ping") socket.ping("from upstream");
  else socket.send(data, { binary: isBinary });
}

/** Header lines but those of one connection, and those that differ from one handshake to the next. */
function toLines(raw: string[]): Line[] {
  const own = /^(host|connection|upgrade|date|sec-websocket-(key|accept))$/i;
  return raw.flatMap((name, i) => (i % 2 === 0 && !own.test(name) ? [[name, raw[i + 1]!]] : []));
}
