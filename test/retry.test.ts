import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get } from "./support/relayed.ts";
import { onHead, startRawUpstream } from "./support/upstream.ts";

describe("the relay tries once more", () => {
  /** An upstream whose first connection answers one request and then does `then` with the next. */
  async function startFickle(then: (socket: Socket) => void) {
    const heads: string[] = [];
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const upstream = await startRawUpstream((socket) => {
      const isFirst = upstream.sockets.size === 1 && heads.length === 0;
      onHead(socket, (head) => {
        heads.push(head.slice(0, head.indexOf(" ")));
        if (isFirst && heads.length > 1) then(socket);
        else socket.write(answer);
      });
    });
    return { ...upstream, heads };
  }
  const request = (method: string, body = "") =>
    `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const goodbyes: [string, (socket: Socket) => void][] = [
    ["closed", (socket) => socket.destroy()],
    ["reset", (socket) => socket.resetAndDestroy()],
  ];

  for (const [how, goodbye] of goodbyes)
    test.each(["GET", "HEAD", "OPTIONS"])(
      `%s, when a kept connection is ${how}`,
      async (method) => {
        await using upstream = await startFickle(goodbye);
        await using relay = await startRelay({ upstream: upstream.url });
        using first = await rawConnection(relay.port, get);
        await first.until("hi");
        using client = await rawConnection(relay.port, request(method));

        expect(await client.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
        expect(upstream.heads).toEqual(["GET", method, method]);
      },
    );

  test("on a connection that was never used, not on another kept one", async () => {
    let served = 0;
    const both = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      let requests = 0;
      onHead(socket, async () => {
        if (++requests > 1) {
          socket.destroy();
          return;
        }
        if (++served === 2) both.resolve();
        await both.promise;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    await Promise.all([fetch(`${relay.url}/v1/a`), fetch(`${relay.url}/v1/b`)]);

    expect((await fetch(`${relay.url}/v1/c`)).status).toBe(200);
  });

  test.each([
    ["POST", ""],
    ["POST", "{}"],
    ["PUT", ""],
    ["DELETE", ""],
    ["PATCH", ""],
    ["GET", "{}"],
  ])(
    "but not with %s %j once it was written: that is the client's to decide",
    async (method, body) => {
      await using upstream = await startFickle((socket) => socket.destroy());
      await using relay = await startRelay({ upstream: upstream.url });
      using first = await rawConnection(relay.port, get);
      await first.until("hi");
      using client = await rawConnection(relay.port, request(method, body));

      expect(await client.until("\r\n\r\n")).toMatch(
        /^HTTP\/1\.1 502 .*\r\nx-relay-error: upstream_reset\r\nx-should-retry: false\r\n/s,
      );
      expect(upstream.heads).toEqual(["GET", method]);
    },
  );

  test("but not once a byte of the answer came", async () => {
    await using upstream = await startFickle((socket) => socket.end("HT"));
    await using relay = await startRelay({ upstream: upstream.url });
    using first = await rawConnection(relay.port, get);
    await first.until("hi");
    using client = await rawConnection(relay.port, get);

    await client.until("502 Bad Gateway");
    expect(upstream.heads).toEqual(["GET", "GET"]);
  });

  test("and not a third time", async () => {
    let requests = 0;
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => {
        requests++;
        socket.destroy();
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    // Nothing happened that a third attempt, by the client, could do twice.
    await client.until("\r\nx-should-retry: true\r\n");
    expect(requests).toBe(2);
  });
});
