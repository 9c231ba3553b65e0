import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../support/command.ts";
import { startUpstream } from "../support/upstream.ts";

const cli = join(import.meta.dirname, "../../src/cli.ts");
const hard = Number(execFileSync("bash", ["-c", "ulimit -Hn"]).toString()) || 1_000_000;

/** As many as this machine lets one process have open, with some left for the rest. */
const many = Math.min(10_000, hard - 500);

/** Descriptors and memory of a process can be seen on Linux only. */
const isLinux = process.platform === "linux";

/** A relay in a process of its own that may have `files` open. */
async function startLimited(files: number, ...flags: string[]) {
  const line = `ulimit -n ${files}; exec "$@"`;
  const args = [process.execPath, cli, "start", "--port", "0", "--log-level", "error", ...flags];
  const env = { OPENAI_API_KEY: "sk-test" };
  const relay = startProgram("bash", ["-c", line, "bash", ...args], { env });
  const [, port] = await relay.until("stdout", /:(\d+)\/v1\n/);
  return { ...relay, port: Number(port), pid: relay.child.pid!, log: () => relay.stderr };
}

/** Opens a connection; `asks`: one request is answered on it first. */
async function open(port: number, asks: boolean): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  if (asks) await answerOn(socket);
  return socket;
}

/** Milliseconds until a request is answered in full. */
async function ask(port: number, agent: Agent): Promise<number> {
  const started = performance.now();
  const [answer] = await once(
    get({ port, host: "127.0.0.1", path: "/v1/models", agent }),
    "response",
  );
  expect(answer.statusCode).toBe(200);
  answer.resume();
  await once(answer, "end");
  return performance.now() - started;
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

/** A process of somebody else makes the relay ask Linux for its list of sockets. */
function somebodyElse(): Disposable {
  const other = { uid: 65_533, cwd: "/", stdio: "ignore" } as const;
  const child = process.getuid?.() === 0 ? spawn("sleep", ["120"], other) : undefined;
  return { [Symbol.dispose]: () => void child?.kill("SIGKILL") };
}

test.each(["allow", "refuse"])(
  `one client works unharmed beside ${many} idle connections (otherUsers: %s)`,
  async (otherUsers) => {
    using _other = somebodyElse();
    const relay = await startLimited(many + 400, "--mock", "--other-users", otherUsers);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const fresh = new Agent({ keepAlive: false });
    const idle: Socket[] = [];
    try {
      for (let i = 0; i < 50; i++) await ask(relay.port, agent);
      const before = isLinux && { files: descriptorsOf(relay.pid), memory: memoryOf(relay.pid) };

      const during: number[] = [];
      const started = performance.now();
      while (idle.length < many) {
        const batch = Array.from({ length: Math.min(250, many - idle.length) }, (_, n) =>
          open(relay.port, n % 2 === 0),
        );
        during.push(await ask(relay.port, agent));
        idle.push(...(await Promise.all(batch)));
      }
      const floodMs = performance.now() - started;
      const kept: number[] = [];
      const anew: number[] = [];
      for (let i = 0; i < 100; i++) kept.push(await ask(relay.port, agent));
      for (let i = 0; i < 20; i++) anew.push(await ask(relay.port, fresh));

      const figures = { floodMs, during: median(during), kept: median(kept), anew: median(anew) };
      expect(figures.kept, JSON.stringify(figures)).toBeLessThan(50);
      expect(figures.anew, JSON.stringify(figures)).toBeLessThan(2_000);
      expect(Math.max(...during), JSON.stringify(figures)).toBeLessThan(2_000);
      if (before) {
        // Those that asked for nothing are cut after 20 seconds.
        if (floodMs < 18_000) expect(descriptorsOf(relay.pid)).toBeGreaterThanOrEqual(many);
        const each = (memoryOf(relay.pid) - before.memory) / many;
        expect(each).toBeLessThan(40_000);
        if (process.env.FIGURES) console.log(otherUsers, figures, `${Math.round(each)} bytes each`);
        for (const socket of idle) socket.destroy();
        await expect.poll(() => descriptorsOf(relay.pid)).toBeLessThan(before.files + 20);
      }
    } finally {
      for (const socket of idle) socket.destroy();
      agent.destroy();
      await relay[Symbol.asyncDispose]();
    }
  },
  120_000,
);

test.runIf(isLinux)(
  "a relay that may open no more files turns connections away, says so, idles, and serves those it has",
  async () => {
    await using upstream = await startUpstream((_req, res) => res.end("{}"));
    const relay = await startLimited(100, "--upstream", upstream.url);
    const first = await open(relay.port, true);
    const others: Socket[] = [];
    try {
      /** Opens connections until one of them is turned away. */
      const fill = async (count: number) => {
        const turnedAway = Promise.withResolvers<void>();
        for (let i = 0; i < count; i++) {
          const socket = connect({ port: relay.port, host: "127.0.0.1" }).on("error", () => {});
          others.push(socket.on("close", () => turnedAway.resolve()));
        }
        await turnedAway.promise;
      };
      await fill(150);

      // The way to upstream needs a descriptor too, and somebody else takes the one that it had.
      const squeeze = async () => {
        upstream.closeIdle();
        // Whoever answers this has heard of that.
        await answerOn(first, "/_relay/health");
        await fill(3);
        return answerOn(first);
      };
      await expect.poll(squeeze, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 503 /);
      const refusal = await answerOn(first);
      const before = cpuOf(relay.pid);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const busyMs = cpuOf(relay.pid) - before;
      for (const socket of others) socket.destroy();

      expect(refusal).toContain("\r\nx-relay-error: relay_overloaded\r\n");
      expect(refusal).toContain("\r\nx-should-retry: true\r\n");
      expect(refusal).toContain("ulimit -n");
      expect(relay.log()).toContain('"cause":"EMFILE"');
      expect(busyMs).toBeLessThan(500);
      await expect.poll(() => answerOn(first)).toMatch(/^HTTP\/1\.1 200 /);
      expect(relay.child.exitCode).toBeNull();
    } finally {
      for (const socket of [first, ...others]) socket.destroy();
      await relay[Symbol.asyncDispose]();
    }
  },
  20_000,
);

/** Asks once more on a connection. */
async function answerOn(socket: Socket, path = "/v1/models"): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [data] = await once(socket, "data");
  return String(data);
}

/** Milliseconds of processor time so far. */
function cpuOf(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ").slice(13, 15);
  return (Number(user) + Number(system)) * 10;
}
