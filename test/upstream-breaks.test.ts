import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get } from "./support/relayed.ts";
import { onHead, startRawUpstream } from "./support/upstream.ts";

// An answer that broke off never looks like a whole one.

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

  test.each([
    ["a reset", "resetAndDestroy", "upstream_broke"],
    ["a FIN", "end", "complete"],
  ] as const)(
    "with %s where only the end of the connection ends the answer, and an upload goes on",
    async (_, leave, ending) => {
      await using upstream = await startRawUpstream((socket) =>
        socket.once("data", () => {
          socket.pause().write("HTTP/1.1 200 OK\r\n\r\nhello", () => socket[leave]());
        }),
      );
      await using relay = await startRelay({ upstream: upstream.url });
      const head = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n";
      using client = await rawConnection(relay.port, head);

      client.socket.write(Buffer.alloc(20_000_000));

      expect((await relay.nextOutcome()).ending).toBe(ending);
      if (ending === "complete") await client.until("hello\r\n0\r\n\r\n");
      else expect((await client.closed()).text).not.toMatch(/0\r\n\r\n$/);
    },
  );
});
