import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startRelay } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// What cannot leave is not taken in.

describe("whoever does not read stops the other side", () => {
  const megabyte = Buffer.alloc(2 ** 20, "0123456789abcdef");
  const total = 64;
  const length = total * megabyte.length;
  const whole = createHash("sha256");
  for (let i = 0; i < total; i++) whole.update(megabyte);
  const expected = whole.digest("hex");

  test("a client that does not read; later it gets every byte", async () => {
    const writers: Socket[] = [];
    await using upstream = await startUpstream((req, res) => {
      writers.push(req.socket);
      res.writeHead(200, { "content-length": String(length) });
      pour(res);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const direct = await stalled(upstream.port, () => writers[0]!);
    const relayed = await stalled(relay.port, () => writers[1]!);

    // One connection more than without the relay, and what the relay holds itself.
    expect(relayed.taken).toBeLessThan(2.5 * direct.taken + 4 * megabyte.length);
    expect(relayed.taken).toBeLessThan(0.75 * length);
    direct.client.destroy();
    expect(await hashOfBody(relayed.client, length)).toBe(expected);
  });

  test("an upstream that does not read; later it gets every byte", async () => {
    const release = Promise.withResolvers<void>();
    const hashes: Promise<string>[] = [];
    await using upstream = await startRawUpstream((socket) => {
      socket.pause();
      const hash = release.promise.then(() => hashOfBody(socket, length));
      hashes.push(hash.catch(() => "broken off"));
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const direct = await stuffed(upstream.port);
    const relayed = await stuffed(relay.port);

    expect(relayed.taken).toBeLessThan(2.5 * direct.taken + 4 * megabyte.length);
    direct.client.destroy();
    release.resolve();
    expect(await hashes[1]).toBe(expected);
    relayed.client.destroy();
  });

  test("a stream that is stalled delays none of a hundred and fifty others", async () => {
    await using upstream = await startUpstream((req, res) => {
      res.writeHead(200);
      if (req.url === "/v1/stalled") pour(res);
      else res.write(`${req.url}\n`);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const stalled = connect(relay.port, "127.0.0.1").pause();
    stalled.write("GET /v1/stalled HTTP/1.1\r\nHost: localhost\r\n\r\n");

    const abort = new AbortController();
    const lines = Array.from({ length: 150 }, async (_, i) => {
      const answer = await fetch(`${relay.url}/v1/${i}`, { signal: abort.signal });
      const { value } = await answer.body!.getReader().read();
      return Buffer.from(value!).toString();
    });

    // All of them are open at the same time.
    expect(await Promise.all(lines)).toEqual(lines.map((_, i) => `/v1/${i}\n`));
    abort.abort();
    stalled.destroy();
  });

  /** Writes the whole body as fast as it is taken. */
  async function pour(res: ServerResponse | Socket): Promise<void> {
    for (let i = 0; i < total && !res.destroyed; i++)
      if (!res.write(megabyte)) await once(res, "drain").catch(() => {});
    res.end();
  }

  /** A client that asks and does not read, once nothing moves any more. */
  async function stalled(port: number, writer: () => Socket) {
    const client = connect(port, "127.0.0.1").pause();
    client.write("GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const taken = await settled(() =>
      writer() ? writer().bytesWritten - writer().writableLength : 0,
    );
    return { client, taken };
  }

  /** A client that uploads to where nobody reads, once nothing moves any more. */
  async function stuffed(port: number) {
    const client = connect(port, "127.0.0.1");
    client.write(`POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
    pour(client);
    const taken = await settled(() => client.bytesWritten - client.writableLength);
    return { client, taken };
  }
});

/** The value that no longer changes. */
async function settled(value: () => number): Promise<number> {
  for (let last = 0, same = 0; ; ) {
    await pause(25);
    const now = value();
    same = now > 0 && now === last ? same + 1 : 0;
    if (same === 10) return now;
    last = now;
  }
}

/** The hash of what follows the head, up to `length` bytes. */
async function hashOfBody(socket: Readable, length: number): Promise<string> {
  const hash = createHash("sha256");
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = length;
  for await (const chunk of socket) {
    let body: Buffer = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) continue;
      body = head.subarray(end + 4);
      head = undefined;
    }
    hash.update(body);
    left -= body.length;
    if (left <= 0) break;
  }
  return hash.digest("hex");
}
