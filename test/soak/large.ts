import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const piece = randomBytes(65_536);

/** A body of so many bytes, made while it is read. */
export function bodyOf(bytes: number): Readable {
  function* pieces() {
    for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
  }
  return Readable.from(pieces(), { objectMode: false });
}

export async function digestOf(body: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha1");
  for await (const bytes of body) hash.update(bytes);
  return hash.digest("hex");
}

export type LargeUpstream = AsyncDisposable & {
  port: number;
  /** Bytes that the connection of the last answer has taken so far. */
  readonly given: number;
};

/** An upstream that gives as many bytes as a GET asks for, chunked, and digests what is sent to it. */
export async function startLargeUpstream(): Promise<LargeUpstream> {
  let given = () => 0;
  const server = createServer(async (req, res) => {
    if (req.method === "POST") {
      res.end(await digestOf(req));
      return;
    }
    const bytes = Number(new URL(req.url!, "http://upstream").searchParams.get("bytes"));
    const before = req.socket.bytesWritten;
    given = () => req.socket.bytesWritten - before;
    await pipeline(bodyOf(bytes), res).catch(() => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get given() {
      return given();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
