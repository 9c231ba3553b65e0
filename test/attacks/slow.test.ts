import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../support/command.ts";
import { rawConnection, rawExchange } from "../support/raw.ts";
import { startRelay } from "../support/relay.ts";
import { startUpstream } from "../support/upstream.ts";
import { startWire } from "../support/wire.ts";

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const post = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const closing = "Connection: close\r\n\r\n";

const cli = join(import.meta.dirname, "../../src/cli.ts");

// Only time can show it: the limit is 20 seconds, and it is looked at every two.
test("heads that come a byte a second are cut, while others are served", async () => {
  await using wire = await startWire();
  await using relay = await startRelay({ upstream: wire.url });
  const started = performance.now();
  const heads = [get, `${get}X-Long: `, "GET /v1/", "\r\n", `${post}Content-Length: 5\r\nX`];

  const slow = await Promise.all(
    Array.from({ length: 200 }, (_, n) => rawConnection(relay.port, heads[n % heads.length]!)),
  );
  const dribble = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write("x");
  }, 1_000);
  const served: number[] = [];
  const call = setInterval(async () => {
    const asked = performance.now();
    expect(await rawExchange(relay.port, get + closing)).toMatch(/^HTTP\/1\.1 200 /);
    served.push(performance.now() - asked);
  }, 500);
  const ends = await Promise.all(
    slow.map(async (connection) => {
      const { text } = await connection.closed();
      return { text, seconds: (performance.now() - started) / 1_000 };
    }),
  );
  clearInterval(dribble);
  clearInterval(call);

  for (const { text, seconds } of ends) {
    expect(text === "" || /^HTTP\/1\.1 4(00|08) /.test(text)).toBe(true);
    expect(seconds).toBeLessThan(30);
  }
  expect(served.length).toBeGreaterThan(10);
  expect(Math.max(...served)).toBeLessThan(2_000);
  for (const request of wire.requests) expect(request).toMatch(/^GET \/v1\/x /);
}, 45_000);

test("two hundred uploads that stop are given up, here and upstream", async () => {
  await using upstream = await startUpstream((req) => req.resume());
  const relay = await startRelay({ upstream: upstream.url, "timeouts.upload": "500ms" });
  await using _stop = relay;
  const framings = [
    "Content-Length: 1000000\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
  ];

  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      rawExchange(relay.port, post + framings[n % 2] + "x".repeat(60_000)),
    ),
  );

  for (const answer of answers) expect(answer).toContain("x-relay-error: request_timeout");
  await expect.poll(() => relay.live).toBe(0);
  // None of them arrived whole.
  expect(upstream.seen).toEqual([]);
});

test.runIf(process.platform === "linux")(
  "a hundred clients that never read their answers hold little memory, and let go of upstream",
  async () => {
    const chunk = Buffer.alloc(65_536, "x");
    let open = 0;
    await using upstream = await startUpstream((_req, res) => {
      open++;
      res.on("close", () => open--);
      // For as long as somebody takes it.
      const more = () => {
        while (res.write(chunk));
        res.once("drain", more);
      };
      more();
    });
    const args = [cli, "start", "--port", "0", "--upstream", upstream.url, "--log-level", "error"];
    const env = { OPENAI_API_KEY: "sk-test" };
    await using relay = startProgram(process.execPath, args, { env });
    const [, port] = await relay.until("stdout", /:(\d+)\/v1\n/);
    // What the first answers cost once is not what each costs.
    await read(Number(port), 20_000_000);
    const before = memoryOf(relay.child.pid!);

    const clients = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = connect({ port: Number(port), host: "127.0.0.1" });
        await once(socket, "connect");
        socket.pause().write(`${get}\r\n`);
        return socket;
      }),
    );
    await expect.poll(() => open, { timeout: 10_000 }).toBe(100);
    await steady(() => memoryOf(relay.child.pid!));
    const each = (memoryOf(relay.child.pid!) - before) / clients.length;
    const answer = rawExchange(
      Number(port),
      `GET /_relay/health HTTP/1.1\r\nHost: x\r\n${closing}`,
    );
    for (const client of clients) client.destroy();

    expect(await answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(each).toBeLessThan(1_000_000);
    await expect.poll(() => open).toBe(0);
  },
  30_000,
);

/** Reads so many bytes of an answer, and leaves. */
async function read(port: number, bytes: number): Promise<void> {
  const socket: Socket = connect({ port, host: "127.0.0.1" });
  socket.write(`${get}\r\n`);
  let count = 0;
  for await (const data of socket) {
    count += data.length;
    if (count > bytes) break;
  }
}

/** Waits until a number hardly grows any more. */
async function steady(measure: () => number): Promise<void> {
  let last = 0;
  await expect
    .poll(
      () => {
        const now = measure();
        const grown = now / last - 1;
        last = now;
        return grown;
      },
      { interval: 300, timeout: 10_000 },
    )
    .toBeLessThan(0.01);
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
