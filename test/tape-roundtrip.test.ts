import type { Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startRawUpstream } from "./support/upstream.ts";

type Plan = {
  method: string;
  target: string;
  body: string;
  status: number;
  reason: string;
  headers: [string, string][];
  framing: "length" | "chunked" | "close";
  slices: string[];
  trailers: [string, string][];
  early: boolean;
  end: "complete" | "reset" | "truncated";
};

const latin1 = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 30 })
  .map((codes) =>
    String.fromCharCode(...codes.filter((code) => code >= 32 && code !== 127)).trim(),
  );
const name = fc.stringMatching(/^[xX]-[a-zA-Z]{1,6}$/);
const bytes = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.constantFrom("data: {}\n\n", "\u2028", "☃").map((text) => Buffer.from(text)),
  // A piece of a character.
  fc.constant(Buffer.from("☃").subarray(0, 2)),
);

const plan: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "DELETE"),
  target: fc.stringMatching(/^\/v1\/[a-z%2F_.~-]{1,12}(\?[a-z=&%20]{0,12})?$/),
  body: fc.oneof(fc.json(), latin1),
  status: fc.constantFrom(200, 201, 206, 302, 400, 429, 500, 503),
  reason: fc.constantFrom("OK", "", "Très bien"),
  headers: fc.array(fc.tuple(name, latin1), { maxLength: 5 }),
  framing: fc.constantFrom("length", "chunked", "close"),
  slices: fc.array(
    bytes.map((piece) => piece.toString("latin1")),
    { maxLength: 5 },
  ),
  trailers: fc.array(fc.tuple(name, latin1), { maxLength: 2 }),
  early: fc.boolean(),
  end: fc.constantFrom("complete", "complete", "complete", "reset", "truncated"),
});

test("random exchanges come back as they were: heads, slices, trailers and ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 30, maxLength: 40 }), async (plans) => {
      const tape = createTapeFolder();
      using _tape = tape;
      const live: Seen[] = [];
      {
        await using upstream = await startRawUpstream((socket) => serve(socket, plans));
        await tape.record(upstream.url, async (relay) => {
          for (const i of plans.keys()) live.push(await ask(relay.port, plans[i]!, i));
        });
      }

      const again = await tape.replay(async (relay) => {
        const seen: Seen[] = [];
        for (const i of plans.keys()) seen.push(await ask(relay.port, plans[i]!, i));
        return seen;
      });

      expect(again).toEqual(live);
      // Where no head came, there was nothing to record.
      expect(tape.names()).toHaveLength(live.filter(({ text }) => !isOwn(text)).length);
    }),
    { numRuns: 2, endOnFailure: true },
  );
}, 60_000);

type Seen = { text: string; error?: string };

/** All that comes back for one plan, chunks as they were cut. */
async function ask(port: number, { method, target, body }: Plan, number: number): Promise<Seen> {
  const hasBody = method === "POST";
  const content = Buffer.from(body, "latin1");
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    // Which of the plans is asked for; matched by nobody.
    `x-plan: ${number}`,
    ...(hasBody ? [`Content-Length: ${content.length}`] : []),
  ];
  // Each is a request of its own.
  head[0] = head[0]!.replace(" HTTP", `${target.includes("?") ? "&" : "?"}n=${number} HTTP`);
  const text = `${head.join("\r\n")}\r\n\r\n${hasBody ? content.toString("latin1") : ""}`;
  using connection = await rawConnection(port, text);
  const { text: answer, error } = await connection.closed();
  // The relay's own clock.
  const seen = isOwn(answer) ? "one of the relay's own" : answer;
  return error === undefined ? { text: seen } : { text: seen, error };
}

function isOwn(text: string): boolean {
  return /^x-relay-error:/im.test(text) || text === "one of the relay's own";
}

function serve(socket: Socket, plans: readonly Plan[]): void {
  let text = "";
  socket.on("data", async function read(chunk) {
    text += chunk.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (end < 0 || text.length < end + 4 + length) return;
    socket.off("data", read).resume();
    const plan = plans[Number(/x-plan: (\d+)/i.exec(text)![1])]!;
    for (const piece of toWire(plan)) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (!socket.destroyed) socket.write(piece, "latin1");
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (plan.end === "reset") socket.resetAndDestroy();
    else socket.end();
  });
}

/** What upstream writes at a time. */
function toWire(plan: Plan): string[] {
  const { status, reason, headers, framing, slices, trailers, early, end, method } = plan;
  const length = slices.join("").length;
  const frame = {
    length: `Content-Length: ${end === "complete" ? length : length + 1}\r\n`,
    chunked: "Transfer-Encoding: chunked\r\n",
    close: "Connection: close\r\n",
  }[framing];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `HTTP/1.1 ${status} ${reason}\r\n${lines}${frame}\r\n`;
  const inform = early ? ["HTTP/1.1 103 Early Hints\r\nx-early: yes\r\n\r\n"] : [];
  if (method === "HEAD") return [...inform, head];
  if (framing !== "chunked") return [...inform, head, ...slices];
  const last = `0\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const chunks = slices.map((slice) => `${slice.length.toString(16)}\r\n${slice}\r\n`);
  return [...inform, head, ...chunks, ...(end === "complete" ? [last] : [])];
}
