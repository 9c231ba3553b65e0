import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createConnector } from "../src/upstream/connect.ts";
import { Connection } from "../src/upstream/connection.ts";
import { createPool } from "../src/upstream/pool.ts";
import { rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { load } from "./support/settings.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// Connections to the upstream: kept, used again, and never trusted too far.

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

afterEach(() => {
  vi.useRealTimers();
});

/** How many connections to upstreams are in memory. */
const connections = () => queryObjects(Connection, { format: "count" });

async function ask(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(`${url}/v1/x`, init);
  return `${response.status} ${await response.text()}`;
}

const post = { method: "POST", body: "{}" };

// The first one: no test before it has left connections of its own.
test("an idle connection keeps no process alive that has nothing else to do", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url });
  const counted = () =>
    process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  const before = counted();

  for (let i = 0; i < 2; i++) {
    await rawExchange(relay.port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    // Upstream's end of it, and not the relay's.
    await expect.poll(counted).toBe(before + 1);
  }
  expect(upstream.connections).toBe(1);
});

describe("connections are used again", () => {
  test("one serves requests in a row, whatever their methods and bodies", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 5; i++) {
      expect(await ask(relay.url)).toBe("200 {}");
      expect(await ask(relay.url, post)).toBe("200 {}");
      expect(await ask(relay.url, { method: "POST", body: "x".repeat(200_000) })).toBe("200 {}");
    }

    expect(upstream.connections).toBe(1);
  });

  test("requests at the same time have one each, and later ones take what is there", async () => {
    const all = Promise.withResolvers<void>();
    let waiting = 0;
    await using upstream = await startUpstream(async (_req, res) => {
      if (++waiting === 20) all.resolve();
      await all.promise;
      res.end("hi");
    });
    await using relay = await startRelay({ upstream: upstream.url });

    await Promise.all(Array.from({ length: 20 }, () => ask(relay.url)));
    expect(upstream.connections).toBe(20);
    for (let i = 0; i < 20; i++) await ask(relay.url);
    expect(upstream.connections).toBe(20);
  });

  test("one that was held back at the end of an answer is read again", async () => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write(answer)),
    );
    const { config } = await load({ flags: { upstream: upstream.url } });
    const pool = createPool(upstream.url, config, createConnector(config));
    const request = { method: "GET", path: "/", headers: [], body: null, isChunked: false };

    for (let i = 0; i < 3; i++) {
      const connection = pool.take(false);
      await new Promise<void>((ended, failed) =>
        connection.send(request, {
          interim() {},
          head() {},
          data() {
            connection.pause();
          },
          ended() {
            ended();
          },
          switched() {},
          failed,
        }),
      );
      pool.give(connection);
    }
    expect(upstream.sockets.size).toBe(1);

    // Nor is its end missed while it is idle.
    for (const socket of upstream.sockets) socket.end();
    await expect.poll(() => upstream.sockets.size).toBe(0);
  });

  test("the one that was used last comes first, so that the others can be closed", async () => {
    const both = Promise.withResolvers<void>();
    const served: Socket[] = [];
    await using upstream = await startUpstream(async (req, res) => {
      served.push(req.socket);
      if (served.length === 2) both.resolve();
      await both.promise;
      // The first one ends last.
      setTimeout(() => res.end("hi"), req.socket === served[0] ? 30 : 0);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    await Promise.all([ask(relay.url), ask(relay.url)]);
    for (let i = 0; i < 3; i++) await ask(relay.url);

    expect(served.slice(2)).toEqual([served[0], served[0], served[0]]);
  });
});

describe("connections are given up", () => {
  test.each([
    ["Connection: close", "Connection: close\r\n"],
    ["a Keep-Alive that is nearly over", "Keep-Alive: timeout=1\r\n"],
  ])("when upstream says %s", async (_, line) => {
    const sockets = new Set<Socket>();
    await using upstream = await startRawUpstream((socket) => {
      sockets.add(socket);
      onHead(socket, () => socket.write(answer.replace("\r\n\r\n", `\r\n${line}\r\n`)));
    });
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 3; i++) expect(await ask(relay.url)).toBe("200 hi");

    expect(sockets.size).toBe(3);
  });

  test("after fifteen idle seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const closed = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      onHead(socket, () => socket.write(answer));
      socket.on("close", () => closed.resolve());
    });
    await using relay = await startRelay({ upstream: upstream.url });
    await ask(relay.url);
    await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0);

    vi.advanceTimersByTime(14_000);
    await ask(relay.url);
    expect(upstream.sockets.size).toBe(1);
    await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0);
    vi.advanceTimersByTime(16_000);

    await closed.promise;
  });

  test("when upstream has closed them meanwhile: nobody notices, a POST neither", async () => {
    await using upstream = await startRawUpstream((socket) => {
      onHead(socket, () => socket.write(answer));
    });
    await using relay = await startRelay({ upstream: upstream.url });

    for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
      expect(await ask(relay.url)).toBe("200 hi");
      for (const socket of upstream.sockets) socket[leave]();
      expect(await ask(relay.url, { method: "POST" })).toBe("200 hi");
    }
  });

  test("when upstream has closed them meanwhile: their memory is given back", async () => {
    const all = Promise.withResolvers<void>();
    let waiting = 0;
    await using upstream = await startUpstream(async (_req, res) => {
      if (++waiting === 60) all.resolve();
      await all.promise;
      res.end("hi");
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const request = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    await Promise.all(Array.from({ length: 60 }, () => rawExchange(relay.port, request)));
    expect(connections()).toBeGreaterThanOrEqual(60);
    upstream.closeIdle();

    await expect.poll(connections).toBeLessThan(30);
  });

  test("at any moment: two hundred calls with gaps around upstream's patience all succeed", async () => {
    await using upstream = await startRawUpstream((socket) => {
      // As servers do it: an idle connection is closed after so many milliseconds.
      let patience: NodeJS.Timeout | undefined;
      onHead(socket, () => {
        clearTimeout(patience);
        socket.write(answer);
        patience = setTimeout(() => socket.end(), 5);
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 200; i++) {
      expect(await ask(relay.url)).toBe("200 hi");
      await pause(Math.random() * 10);
    }
  });

  test.each([
    ["with an answer", (socket: Socket, evil: string) => socket.write(answer + evil)],
    [
      "after an answer",
      (socket: Socket, evil: string) => {
        socket.write(answer);
        setTimeout(() => socket.write(evil), 2);
      },
    ],
  ])("when bytes come %s that nobody asked for: no other request gets them", async (_, reply) => {
    const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => reply(socket, evil)),
    );
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 20; i++) {
      expect(await ask(relay.url)).toBe("200 hi");
      await expect.poll(() => upstream.sockets.size, { interval: 1 }).toBe(0);
    }
  });

  test("after an answer that overtook the upload", async () => {
    await using upstream = await startUpstream((req, res) => {
      if (req.method === "GET") res.end("hi");
      else res.writeHead(413).end();
    });
    await using relay = await startRelay({ upstream: upstream.url });

    expect(await ask(relay.url, { method: "POST", body: Buffer.alloc(10_000_000) })).toBe("413 ");

    expect(await ask(relay.url)).toBe("200 hi");
    expect(upstream.connections).toBe(2);
  });
});
