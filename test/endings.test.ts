import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { queryObjects } from "node:v8";
import { describe, expect, test } from "vitest";
import { HttpReply } from "../src/server/reply.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// When one side leaves, the other is told at once, and in a way that it cannot mistake.

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";

describe("the client leaves", () => {
  type Phase = {
    request: string;
    /** What upstream does; `ready` is called when the client is to leave. */
    upstream: (socket: Socket, ready: () => void) => void;
  };
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const event = "7\r\ndata: 1\r\n";

  const phases: Record<string, Phase> = {
    "before the head": {
      request: get,
      upstream: (socket, ready) => onHead(socket, ready),
    },
    "before the head, with its body sent": {
      request: `${post}Content-Length: 2\r\n\r\n{}`,
      upstream: (socket, ready) => socket.on("data", ready),
    },
    "between the head and the body": {
      request: get,
      upstream: (socket, ready) => onHead(socket, () => socket.write(chunked, ready)),
    },
    "while events come": {
      request: get,
      upstream: (socket, ready) =>
        onHead(socket, () => {
          socket.write(chunked);
          const events = setInterval(() => socket.write(event), 2);
          socket.on("close", () => clearInterval(events));
          setTimeout(ready, 20);
        }),
    },
    "while the stream is silent": {
      request: get,
      upstream: (socket, ready) => onHead(socket, () => socket.write(chunked + event, ready)),
    },
    "while upstream is held back because it does not read": {
      request: get,
      upstream: (socket, ready) =>
        onHead(socket, async () => {
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
          while (socket.write(Buffer.alloc(1_000_000)) || (await drains(socket)));
          ready();
        }),
    },
    "in the middle of its upload": {
      request: `${post}Content-Length: 1000000\r\n\r\nhello`,
      upstream: (socket, ready) =>
        socket.on("data", (chunk) => `${chunk}`.endsWith("o") && ready()),
    },
    "in the middle of its upload, with the answer begun": {
      request: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      upstream: (socket, ready) => socket.once("data", () => socket.write(chunked + event, ready)),
    },
  };
  const ways = { "with a FIN": "destroy", "with a reset": "resetAndDestroy" } as const;

  for (const [way, leave] of Object.entries(ways))
    test.each(Object.entries(phases))(`%s, ${way}: upstream is let go`, async (_, phase) => {
      const ready = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      await using upstream = await startRawUpstream((socket) => {
        phase.upstream(socket, () => ready.resolve());
        socket.on("close", () => closed.resolve());
      });
      await using relay = await startRelay({ upstream: upstream.url });
      // It reads nothing: only that shows whether leaving is noticed while much is to be written.
      const client = connect(relay.port, "127.0.0.1")
        .pause()
        .on("error", () => {});
      client.write(phase.request);
      await ready.promise;

      const left = performance.now();
      client[leave]();
      await closed.promise;

      expect(performance.now() - left).toBeLessThan(500);
      expect((await relay.nextOutcome()).ending).toBe("client_left");
      expect(relay.live).toBe(0);
    });

  test("before there is a connection: upstream never hears of it", async () => {
    const connected = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<string>();
    // It says nothing to the ClientHello, so that the connection is never made.
    await using upstream = await startRawUpstream((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        connected.resolve();
      });
      socket.on("close", () => closed.resolve(text));
    });
    await using relay = await startRelay({
      upstream: upstream.url.replace("http:", "https:"),
      "timeouts.connect": "1s",
    });
    {
      using _gone = await rawConnection(relay.port, get);
      await connected.promise;
    }

    expect((await relay.nextOutcome()).ending).toBe("client_left");
    expect(await closed.promise).not.toContain("GET");
    expect(relay.live).toBe(0);
  });

  test("while its upload is held back: noticed once upstream reads on, and never a whole upload", async () => {
    let received = 0;
    const held = Promise.withResolvers<Socket>();
    const closed = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      socket.on("data", (chunk) => {
        received += chunk.length;
      });
      socket.on("close", () => closed.resolve());
      held.resolve(socket.pause());
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const client = connect(relay.port, "127.0.0.1").on("error", () => {});
    client.write(`${post}Content-Length: 60000000\r\n\r\n`);
    client.write(Buffer.alloc(40_000_000));
    const socket = await held.promise;

    // node:http does not look at a connection that it does not read.
    client.resetAndDestroy();
    socket.resume();

    await closed.promise;
    expect((await relay.nextOutcome()).ending).toBe("client_left");
    expect(received).toBeLessThan(40_000_000);
  });

  test("in the moment in which a connection is used again: nobody else gets its answer", async () => {
    await using upstream = await startUpstream((req, res) => {
      setTimeout(() => res.end(`for ${req.url}`), 3);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    for (let round = 0; round < 50; round++) {
      expect(await (await fetch(`${relay.url}/v1/${round}`)).text()).toBe(`for /v1/${round}`);
      const client = connect(relay.port, "127.0.0.1").on("error", () => {});
      await once(client, "connect");
      client.write(get, () => client.resetAndDestroy());
    }
    expect(await (await fetch(`${relay.url}/v1/last`)).text()).toBe("for /v1/last");
  });

  test("right after the last byte: that is a whole answer", async () => {
    await using upstream = await startUpstream((_req, res) => res.end("[DONE]"));
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    await client.until("[DONE]");
    client.socket.destroy();

    expect((await relay.nextOutcome()).ending).toBe("complete");
  });
});

describe("upstream leaves in the middle", () => {
  const answers = {
    "Content-Length": "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world",
    chunked:
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n",
    "chunked, to be closed":
      "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n",
  };
  const versions = ["1.1", "1.0"];
  const ways = { "a FIN": "end", "a reset": "resetAndDestroy" } as const;

  for (const version of versions)
    for (const [way, leave] of Object.entries(ways))
      test.each(Object.entries(answers))(
        `with ${way}, at any byte: a client of HTTP/${version} never sees a whole answer (%s)`,
        async (_, answer) => {
          let cutAt = 0;
          await using upstream = await startRawUpstream((socket) =>
            onHead(socket, () => socket.write(answer.slice(0, cutAt), () => socket[leave]())),
          );
          await using relay = await startRelay({ upstream: upstream.url });
          const request = `POST /v1/x HTTP/${version}\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;

          for (cutAt = 1; cutAt < answer.length; cutAt++) {
            using client = await rawConnection(relay.port, request);
            const isHead = cutAt < answer.indexOf("\r\n\r\n") + 4;
            if (isHead) {
              const text = await client.until(/\r\n\r\n\{.*\}\}$/);
              expect(text).toMatch(
                /^HTTP\/1\.1 502 .*x-relay-error: upstream_(reset|bad_response)\r\n/s,
              );
              expect((await relay.nextOutcome()).ending).toBe("refused");
            } else {
              expect(isWhole(await client.closed(), version)).toBe(false);
              expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
            }
          }
        },
      );

  /** Whether a client could take what it got for all there was. */
  function isWhole({ text, error }: { text: string; error?: string }, version: string): boolean {
    const [head = "", body = ""] = text.split("\r\n\r\n", 2);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) return body.length >= Number(length);
    if (version === "1.0") return error === undefined;
    return text.endsWith("0\r\n\r\n");
  }

  test.each([
    [
      "chunks that are none",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    ],
    [
      "a chunk without its end",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld",
    ],
  ])("with %s: the client's connection is cut", async (_, answer) => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write(answer)),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    const { text } = await client.closed();

    expect(text).toContain("hello");
    expect(text).not.toMatch(/0\r\n\r\n$/);
  });

  test("what had arrived is not lost with it, however slowly the client reads", async () => {
    const size = 20_000_000;
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => {
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        socket.end(`${size.toString(16)}\r\n${"x".repeat(size)}\r\n`);
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    const client = connect(relay.port, "127.0.0.1");
    client.write(get);

    let received = 0;
    for await (const chunk of client) {
      for (const byte of chunk) if (byte === 120) received++;
      await new Promise(setImmediate);
    }

    expect(received).toBe(size);
    expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
  });

  test("with a reset where only the end of the connection ends the answer", async () => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write("HTTP/1.1 200 OK\r\n\r\nhello")),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    await client.until("hello");
    for (const socket of upstream.sockets) socket.resetAndDestroy();

    expect((await client.closed()).text).not.toMatch(/0\r\n\r\n$/);
    expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
  });
});

describe("after many of them", () => {
  test("nothing is left behind", async () => {
    const left: RequestListener = (req, res) => {
      if (req.url === "/v1/silent") return;
      res.write("data: 1\n\n");
      if (req.url === "/v1/broken") setTimeout(() => req.socket.destroy(), Math.random() * 5);
    };
    await using upstream = await startUpstream(left);
    await using relay = await startRelay({ upstream: upstream.url });
    const before = resources();

    for (let round = 0; round < 6; round++) {
      const paths = ["silent", "streaming", "broken"];
      const clients = Array.from({ length: 40 }, async (_, i) => {
        using client = await rawConnection(
          relay.port,
          `GET /v1/${paths[i % 3]} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        );
        if (i % 3 > 0) await client.until("\r\n\r\n");
        if (i % 3 === 2) await client.closed();
      });
      await Promise.all(clients);
    }
    const endings = new Set<string>();
    for (let i = 0; i < 240; i++) {
      const { ending, error } = await relay.nextOutcome();
      endings.add(`${ending} ${error?.code}`);
    }

    expect(relay.live).toBe(0);
    expect(endings).toEqual(new Set(["client_left undefined", "upstream_broke upstream_reset"]));
    await expect.poll(resources).toEqual(before);
    // An error holds on to what was on the stack where it arose.
    relay.outcomes.length = 0;
    expect(queryObjects(HttpReply, { format: "count" })).toBeLessThan(20);
  });

  /** How many sockets and timers keep this process alive. */
  function resources() {
    const names = process.getActiveResourcesInfo();
    return {
      sockets: names.filter((name) => name === "TCPSocketWrap").length,
      timers: names.filter((name) => name === "Timeout").length,
    };
  }
});

/** Whether there is room again within a moment. */
function drains(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => done(false), 150);
    const drained = () => done(true);
    socket.once("drain", drained);
    function done(drained: boolean) {
      clearTimeout(late);
      resolve(drained);
    }
  });
}
