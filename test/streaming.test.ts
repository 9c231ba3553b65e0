import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get } from "./support/relayed.ts";
import { onHead, startRawUpstream } from "./support/upstream.ts";

// A byte that arrived leaves at once.

const heads = {
  chunked: "HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n",
  length: "HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nContent-Length: 100000\r\n\r\n",
  close: "HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\n\r\n",
};
type Framing = keyof typeof heads;
const framings = Object.keys(heads) as Framing[];

function framed(framing: Framing, text: string): string {
  return framing === "chunked" ? `${text.length.toString(16)}\r\n${text}\r\n` : text;
}

describe("what has arrived leaves at once", () => {
  test.each(framings)("the head, before there is a body (%s)", async (framing) => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write(heads[framing], "latin1")),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    expect(await client.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK\r\nX-A: caf\xe9\r\n/);
  });

  test("the head towards a client of HTTP/1.0", async () => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write(heads.chunked)),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, "GET /v1/x HTTP/1.0\r\n\r\n");

    await client.until("\r\n\r\n");
  });

  // Each event is sent when the one before it has come through. A relay that held one back would
  // stand still; one that waited for acknowledgements (40 ms each) would be too late at the end.
  test.each(framings)("each event of two hundred (%s)", async (framing) => {
    let send: (text: string) => void = () => {};
    await using upstream = await startRawUpstream((socket) => {
      socket.setNoDelay();
      send = (text) => socket.write(framed(framing, text));
      onHead(socket, () => socket.write(heads[framing]));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);
    await client.until("\r\n\r\n");

    for (let i = 0; i < 200; i++) {
      send(`data: {"n":${i}}\n\n`);
      await client.until(`data: {"n":${i}}\n\n`);
    }
  });

  test("each byte, and the last one is the end (length)", async () => {
    let send: (text: string) => void = () => {};
    await using upstream = await startRawUpstream((socket) => {
      send = (text) => socket.write(text);
      onHead(socket, () => socket.write(heads.length.replace("100000", "5")));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);
    let expected = await client.until("\r\n\r\n");

    for (const byte of "hello") {
      expect(relay.outcomes).toEqual([]);
      send(byte);
      expected += byte;
      expect(await client.until(expected)).toBe(expected);
    }
    expect(await relay.nextOutcome()).toMatchObject({ ending: "complete", bytesOut: 5 });
  });

  test("bytes that are no text, half a character, comments, [DONE]: nothing is waited for", async () => {
    const pieces = [
      ": keepalive\n\n",
      "\xf0\x9f",
      "\x98\x80",
      "\r",
      "\n",
      "\0",
      "data: [DONE]",
      "\n\n",
    ];
    let send: (text: string) => void = () => {};
    await using upstream = await startRawUpstream((socket) => {
      send = (text) => socket.write(framed("chunked", text), "latin1");
      onHead(socket, () => socket.write(heads.chunked));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);
    let expected = await client.until("\r\n\r\n");

    for (const piece of pieces) {
      send(piece);
      expected += framed("chunked", piece);
      expect(await client.until(expected)).toBe(expected);
    }
  });

  test("what one read brought leaves together, in one chunk", async () => {
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () =>
        socket.write(`${heads.chunked}${framed("chunked", "one")}${framed("chunked", "two")}`),
      ),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    expect(await client.until("two\r\n")).toMatch(/\r\n\r\n6\r\nonetwo\r\n$/);
  });
});

test("however an answer is cut into chunks and segments, its bytes are the same", async () => {
  type Plan = { body: Buffer; framing: Framing; chunks: number[]; segments: number[] };
  let plan: Plan;
  await using upstream = await startRawUpstream((socket) => {
    socket.setNoDelay();
    onHead(socket, async () => {
      const { body, framing, chunks, segments } = plan;
      const head = heads[framing].replace("100000", String(body.length));
      const pieces = cut(body, chunks).map((piece) => framed(framing, piece.toString("latin1")));
      const end = framing === "chunked" ? "0\r\n\r\n" : "";
      const wire = Buffer.from(head + pieces.join("") + end, "latin1");
      for (const segment of cut(wire, segments))
        await new Promise((sent) => socket.write(segment, sent));
      if (framing === "close") socket.end();
    });
  });
  await using relay = await startRelay({ upstream: upstream.url });
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 12 });
  const plans = fc.record({
    body: fc.uint8Array({ maxLength: 20_000 }).map((bytes) => Buffer.from(bytes)),
    framing: fc.constantFrom(...framings),
    chunks: sizes,
    segments: sizes,
  });

  await fc.assert(
    fc.asyncProperty(plans, async (next) => {
      plan = next;
      const answer = await fetch(`${relay.url}/v1/x`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(next.body)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

/** Pieces of the given sizes, over and over. */
function cut(bytes: Buffer, sizes: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
