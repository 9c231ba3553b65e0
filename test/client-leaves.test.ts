import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get } from "./support/relayed.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// Nobody waits any more: upstream is told at once, whatever it was doing.

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
