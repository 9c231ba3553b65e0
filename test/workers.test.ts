import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterAll, describe, expect, test, vi } from "vitest";
import { createCertificates } from "./support/certificates.ts";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { follow, type RawConnection, rawConnection, rawExchange } from "./support/raw.ts";
import { ask, getPlain, getSecure } from "./support/tls-client.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// `relay start --workers N`: everything is as with one process, but for the speed.

// Each test starts several programs, and CI machines are slow.
vi.setConfig({ testTimeout: 60_000 });
const patient = { timeout: 20_000, interval: 50 };

const key = { OPENAI_API_KEY: "sk-canary-workers" };
const certificates = createCertificates();
afterAll(() => certificates[Symbol.dispose]());

type Options = { args?: string[]; env?: NodeJS.ProcessEnv };

async function startWith(upstream: string, { args = [], env = key }: Options = {}) {
  const all = ["start", "--port", "0", "--upstream", upstream, "--workers", "2", ...args];
  const relay = startCommand(all, { env });
  const [, origin] = await relay.until("stdout", /^(http\S+)\/v1\n/);
  return { relay, origin: origin!, port: Number(new URL(origin!).port) };
}

const lastGet = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

/** Asks on a new connection, which goes to the next worker. */
async function get(port: number, path = "/v1/x"): Promise<string> {
  return rawExchange(port, lastGet(path));
}

async function health(port: number): Promise<unknown> {
  return JSON.parse((await get(port, "/_relay/health")).split("\r\n\r\n")[1]!);
}

/** The workers that answered, as the ids in the log tell them apart. */
function answeredBy(relay: Running): Set<string> {
  return new Set(Array.from(relay.stderr.matchAll(/"id":"[^".]+\.(\w+)-/g), ([, who]) => who!));
}

function workersOf({ child: { pid } }: Running): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return children.split(" ").filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Answers begin, and end when they are told to. */
async function startHeld() {
  const held: ServerResponse[] = [];
  const upstream = await startUpstream((_req, res) => {
    res.write("data: one\n\n");
    held.push(res);
  });
  return { upstream, held };
}

async function openStreams(port: number, count: number): Promise<RawConnection[]> {
  const streams: RawConnection[] = [];
  for (let i = 0; i < count; i++) {
    const stream = await rawConnection(port, lastGet("/v1/x"));
    await stream.until("data: one");
    streams.push(stream);
  }
  return streams;
}

describe("two workers", () => {
  test("serve in turn on one port, on IPv4 and IPv6, with one banner and one line on stdout", async () => {
    await using upstream = await startUpstream();
    const { relay, origin, port } = await startWith(upstream.url);
    await using _ = relay;

    for (let i = 0; i < 6; i++) expect(await get(port)).toMatch(/^HTTP\/1.1 200 /);
    expect((await fetch(`http://[::1]:${port}/v1/x`)).status).toBe(200);
    relay.child.kill("SIGTERM");
    const { code, stdout, stderr } = await relay.ended;

    expect(code).toBe(0);
    expect(stdout).toBe(`${origin}/v1\n`);
    expect(stderr.match(/openai-relay \S+, ready/g)).toHaveLength(1);
    const ids = Array.from(stderr.matchAll(/"id":"([^"]+)"/g), ([, id]) => id!);
    expect(new Set(ids).size).toBe(7);
    expect(answeredBy(relay).size).toBe(2);
    expect(new Set(upstream.seen.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${key.OPENAI_API_KEY}`]),
    );
    expect(stdout + stderr).not.toContain("canary");
  });

  test("long connections are shared out evenly", async () => {
    const { upstream } = await startHeld();
    await using _upstream = upstream;
    const { relay, port } = await startWith(upstream.url, { args: ["-v"] });
    await using _ = relay;

    const streams = await openStreams(port, 12);
    await relay.until("stderr", /(?:^.*"msg":"asked".*\n){12}/m);

    const asked = Array.from(relay.stderr.matchAll(/"id":"[^".]+\.(\w+)-/g), ([, who]) => who);
    expect(asked.filter((who) => who === "1")).toHaveLength(6);
    expect(asked.filter((who) => who === "2")).toHaveLength(6);
    for (const stream of streams) stream[Symbol.dispose]();
  });

  test.runIf(process.platform === "linux")("are told no secret that others can see", async () => {
    await using upstream = await startUpstream();
    const args = ["--json", "--project", "proj_canary"];
    const env = { ...key, RELAY_TOKENS: "canary-token-of-a-client" };
    const { relay } = await startWithJson(upstream.url, args, env);
    await using _ = relay;
    const told = JSON.parse(relay.stdout);

    const workers = workersOf(relay);

    expect(told.pid).toBe(relay.child.pid);
    expect(workers).toHaveLength(2);
    const environmentOf = (pid: number) =>
      readFileSync(`/proc/${pid}/environ`, "latin1")
        .split("\0")
        .filter((line) => line.includes("canary"));
    for (const pid of workers) {
      expect(readFileSync(`/proc/${pid}/cmdline`, "latin1")).not.toContain("canary");
      expect(environmentOf(pid)).toEqual(environmentOf(relay.child.pid!));
    }
  });

  test("a WebSocket may be ended by one side while the other still speaks", async () => {
    await using upstream = await startRawUpstream((socket) => {
      onHead(socket, () => {
        const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n`);
      });
      socket.on("end", () => socket.end("last words"));
    });
    const { relay, port } = await startWith(upstream.url);
    await using _ = relay;
    const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    using socket = await rawConnection(
      port,
      `GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\n${handshake}Sec-WebSocket-Key: ${"A".repeat(22)}==\r\n\r\n`,
    );
    await socket.until("101 Switching");

    socket.socket.end();

    expect((await socket.closed()).text).toMatch(/last words$/);
  });

  test("TLS and a Unix socket are served by both", async () => {
    await using upstream = await startUpstream();
    using folder = createFolder();
    const path = folder.at("relay.sock");
    const { tlsCert, tlsKey } = certificates.settings;
    const tls = await startWith(upstream.url, {
      args: ["--tls-cert", tlsCert, "--tls-key", tlsKey],
    });
    await using _tls = tls.relay;
    const args = ["start", "--socket", path, "--upstream", upstream.url, "--workers", "2"];
    await using socket = startCommand(args, { env: key });
    await socket.until("stdout", /^unix:.*\n/);

    const at = { port: tls.port, host: "127.0.0.1", ca: certificates.ca, path: "/v1/x" };
    for (const get of [getSecure, getPlain, getSecure, getPlain])
      expect((await ask(get, at)).text).toBe("{}");
    for (let i = 0; i < 2; i++) {
      const client = connect({ path });
      client.write(lastGet("/v1/x"));
      expect((await follow(client).closed()).text).toMatch(/^HTTP\/1.1 200 /);
    }
    for (const relay of [tls.relay, socket]) {
      relay.child.kill("SIGTERM");
      expect((await relay.ended).code).toBe(0);
      expect(answeredBy(relay).size).toBe(2);
    }
    expect(folder.has("relay.sock")).toBe(false);
  });

  test("the limits are those of both together", async () => {
    const { upstream } = await startHeld();
    await using _upstream = upstream;
    const connections = await startWith(upstream.url, { args: ["--limits-connections", "4"] });
    await using _connections = connections.relay;
    const requests = await startWith(upstream.url, { args: ["--limits-requests", "4"] });
    await using _requests = requests.relay;

    const open = [
      ...(await openStreams(connections.port, 4)),
      ...(await openStreams(requests.port, 4)),
    ];

    using fifth = await rawConnection(connections.port, lastGet("/v1/x"));
    expect((await fifth.closed()).text).toBe("");
    expect(await get(requests.port)).toMatch(/^HTTP\/1.1 429 /);
    for (const stream of open) stream[Symbol.dispose]();
  });
});

async function startWithJson(upstream: string, args: string[], env: NodeJS.ProcessEnv) {
  const all = ["start", "--port", "0", "--upstream", upstream, "--workers", "2", ...args];
  const relay = startCommand(all, { env });
  await relay.until("stdout", /^\{.*\}\n/);
  return { relay };
}

describe("what does not start", () => {
  test("a port that another relay with workers has is taken, and says so once, exit 1", async () => {
    await using upstream = await startUpstream();
    const { relay, port } = await startWith(upstream.url);
    await using _ = relay;

    const args = ["start", "--mock", "--port", String(port), "--workers", "2"];
    const { code, stdout, stderr } = await runCommand(args);

    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(`Port ${port} is in use`);
    if (process.platform === "linux") expect(stderr).toContain(`pid ${relay.child.pid}`);
  });

  test.each([
    [["--workers", "0"], 2, /"workers" is 0 .*from 1 to 256, or "auto"/],
    [["--workers", "2", "--tls-cert", "no-such.pem"], 2, /no-such\.pem/],
    [["--workers", "2", "--host", "192.0.2.1", "--require-token"], 2, /192\.0\.2\.1|tokens/],
  ])("%j is told once", async (args, code, says) => {
    const ended = await runCommand(["start", "--mock", "--port", "0", ...args]);

    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(ended.stderr).toMatch(says);
  });

  test("auto is a worker for each core, and serves", async () => {
    const args = ["start", "--mock", "--port", "0", "--workers", "auto"];
    await using relay = startCommand(args);

    const [, base] = await relay.until("stdout", /^(http\S+)\n/);

    expect((await fetch(`${base}/models`)).status).toBe(200);
  });
});

describe("the end", () => {
  test.runIf(process.platform === "linux")(
    "Ctrl+C for all processes at once lets live answers on both finish",
    async () => {
      const { upstream, held } = await startHeld();
      await using _upstream = upstream;
      const { relay, port } = await startWith(upstream.url);
      await using _ = relay;
      const streams = await openStreams(port, 4);
      using idle = await rawConnection(port, lastGet("/_relay/health").replace("close", "x"));
      await idle.until('"ok"');

      for (const pid of [...workersOf(relay), relay.child.pid!]) process.kill(pid, "SIGINT");
      await relay.until("stderr", /Waiting for 4 live answers; again cuts/);
      await idle.closed();
      await expect(rawConnection(port)).rejects.toThrow("ECONNREFUSED");
      for (const res of held) res.end("data: two\n\n");

      for (const stream of streams)
        expect((await stream.closed()).text).toMatch(/data: two\n\n\r\n0\r\n\r\n$/);
      expect((await relay.ended).code).toBe(0);
    },
  );

  test("a second signal cuts on both, exit 130", async () => {
    const { upstream } = await startHeld();
    await using _upstream = upstream;
    const { relay, port } = await startWith(upstream.url);
    await using _ = relay;
    const streams = await openStreams(port, 2);

    relay.child.kill("SIGINT");
    await relay.until("stderr", /Waiting for 2 live answers/);
    // The first ones come too soon after the first signal to be another one.
    const again = setInterval(() => relay.child.kill("SIGINT"), 50);

    expect((await relay.ended).code).toBe(130);
    clearInterval(again);
    for (const stream of streams) expect((await stream.closed()).text).not.toMatch(/0\r\n\r\n$/);
  });

  test("timeouts.drain bounds the wait", async () => {
    const { upstream } = await startHeld();
    await using _upstream = upstream;
    const { relay, port } = await startWith(upstream.url, { args: ["--timeouts-drain", "200ms"] });
    await using _ = relay;
    await openStreams(port, 2);

    relay.child.kill("SIGTERM");

    expect((await relay.ended).code).toBe(0);
  });

  test.runIf(process.platform === "linux")(
    "workers end with a primary that is killed, in the middle of answers",
    async () => {
      const { upstream } = await startHeld();
      await using _upstream = upstream;
      const { relay, port } = await startWith(upstream.url);
      await using _ = relay;
      const streams = await openStreams(port, 2);
      const workers = workersOf(relay);

      relay.child.kill("SIGKILL");
      for (const stream of streams) await stream.closed();

      await vi.waitFor(() => expect(workers.filter(isRunning)).toEqual([]), patient);
      const args = ["start", "--mock", "--port", String(port), "--workers", "2"];
      await using next = startCommand(args);
      await next.until("stdout", new RegExp(`:${port}/v1\n`));
    },
  );
});

describe.runIf(process.platform === "linux")("a worker that dies", () => {
  test("is replaced, and the others go on", async () => {
    const { upstream, held } = await startHeld();
    await using _upstream = upstream;
    const { relay, port } = await startWith(upstream.url);
    await using _ = relay;
    const [first, second] = await openStreams(port, 2);
    const [victim, survivor] = workersOf(relay);

    process.kill(victim!, "SIGKILL");
    const cut = await Promise.race([first!.closed(), second!.closed()]);
    await relay.until("stderr", new RegExp(`Worker ${victim} ended \\(SIGKILL\\)\\. Another`));
    for (const res of held) res.end("data: two\n\n");
    const whole = await Promise.all([first!.closed(), second!.closed()]);

    expect(cut.text).not.toContain("data: two");
    expect(whole.filter(({ text }) => text.endsWith("0\r\n\r\n"))).toHaveLength(1);
    await vi.waitFor(() => {
      expect(workersOf(relay)).toHaveLength(2);
      expect(workersOf(relay)).toContain(survivor);
    }, patient);
  });

  test("is missed by nobody who asks while all are gone", async () => {
    await using upstream = await startUpstream();
    const { relay, port } = await startWith(upstream.url);
    await using _ = relay;

    for (const pid of workersOf(relay)) process.kill(pid, "SIGKILL");
    await relay.until("stderr", /(?:Another one takes its place[^A]*){2}/);

    expect(await get(port)).toMatch(/^HTTP\/1.1 200 /);
  });

  test("again and again ends the relay, exit 1", async () => {
    await using upstream = await startUpstream();
    const { relay } = await startWith(upstream.url);
    await using _ = relay;

    const killing = setInterval(() => {
      for (const pid of workersOf(relay)) process.kill(pid, "SIGKILL");
    }, 100);
    relay.child.once("exit", () => clearInterval(killing));
    const { code, stderr } = await relay.ended;

    expect(code).toBe(1);
    expect(stderr.match(/Another one takes its place/g)).toHaveLength(5);
    expect(stderr).toMatch(/Worker \d+ ended \(SIGKILL\), the sixth within a minute/);
  });
});

describe("a reload", () => {
  test("reaches both, relay reload waits for both, and health says the same whoever answers", async () => {
    await using first = await startUpstream((_req, res) => res.end("first"));
    await using second = await startUpstream((_req, res) => res.end("second"));
    using folder = createFolder();
    const file = folder.at("relay.config.json");
    const use = (upstream: string) =>
      writeFileSync(file, JSON.stringify({ port: 0, upstream, workers: 2 }));
    use(first.url);
    await using relay = startCommand(["start", "--config", file], { env: key });
    const [, digits] = await relay.until("stdout", /:(\d+)\/v1\n/);
    const port = Number(digits);
    const reload = () => runCommand(["reload", "--no-config", "--port", String(port)]);
    expect(await get(port)).toContain("first");

    use(second.url);
    const good = await reload();
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await get(port)).split("\r\n\r\n")[1]);
    writeFileSync(file, "{");
    const bad = await reload();

    expect(good).toMatchObject({ code: 0, stderr: "Reloaded.\n" });
    expect(answers.join()).not.toContain("first");
    expect(answers.join()).toContain("second");
    expect(bad).toMatchObject({ code: 3 });
    await relay.until("stderr", /^Not reloaded/m);
    for (let i = 0; i < 4; i++)
      expect(await health(port)).toEqual({ status: "ok", reloads: { done: 1, failed: 1 } });
    expect(relay.stderr.match(/^Reloaded, changed: upstream\.$/gm)).toHaveLength(1);
    if (process.platform === "linux") {
      process.kill(workersOf(relay)[0]!, "SIGKILL");
      await relay.until("stderr", /Another one takes its place/);
      await vi.waitFor(() => expect(workersOf(relay)).toHaveLength(2), patient);
      for (let i = 0; i < 4; i++)
        expect(await health(port)).toEqual({ status: "ok", reloads: { done: 1, failed: 1 } });
      expect(await get(port)).toContain("second");
    }
  });

  test("under load fails no request", async () => {
    await using upstream = await startUpstream((_req, res) => res.end("{}"));
    using folder = createFolder();
    const file = folder.at("relay.config.json");
    const use = (n: number) =>
      writeFileSync(
        file,
        JSON.stringify({ port: 0, upstream: upstream.url, workers: 2, beta: [`n=${n}`] }),
      );
    use(0);
    await using relay = startCommand(["start", "--config", file], { env: key });
    const [, base] = await relay.until("stdout", /^(http\S+)\n/);
    let isOver = false;
    const statuses = new Set<number>();
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const answer = await fetch(`${base}/x`, { method: "POST", body: "{}" });
        await answer.arrayBuffer();
        statuses.add(answer.status);
      }
    });

    for (let n = 1; n <= 5; n++) {
      use(n);
      relay.child.kill("SIGHUP");
      await relay.until("stderr", new RegExp(`(?:Reloaded, changed: beta[^R]*){${n}}`));
    }
    isOver = true;
    await Promise.all(load);
    // What was on its way before the last reload may have come upstream after others.
    const before = upstream.seen.length;
    for (const _ of [1, 2]) await get(Number(new URL(base!).port));

    expect(statuses).toEqual(new Set([200]));
    const betas = upstream.seen.slice(before).map(({ headers }) => headers["openai-beta"]);
    expect(betas).toEqual(["n=5", "n=5"]);
  });
});

describe("a key", () => {
  test("is asked for once by all, and once more when upstream refuses it", async () => {
    using folder = createFolder();
    const runs = folder.write("runs", "");
    const current = folder.write("current", "sk-first");
    let accepted = "Bearer sk-first";
    await using upstream = await startUpstream((req, res) => {
      res.statusCode = req.headers.authorization === accepted ? 200 : 401;
      res.end("{}");
    });
    const script = `echo run >> ${runs}; sleep 0.3; cat ${current}`;
    const env = { RELAY_KEY_COMMAND: JSON.stringify(["sh", "-c", script]) };
    const { relay, port } = await startWith(upstream.url, { env });
    await using _ = relay;
    const runsSoFar = () => readFileSync(runs, "utf8").split("\n").length - 1;
    const ask20 = async () =>
      (await Promise.all(Array.from({ length: 20 }, () => get(port)))).map((answer) =>
        answer.slice(9, 12),
      );

    const first = await ask20();
    const runsBefore = runsSoFar();
    writeFileSync(current, "sk-second");
    accepted = "Bearer sk-second";
    const refused = await ask20();
    const second = await ask20();

    expect(new Set(first)).toEqual(new Set(["200"]));
    expect(runsBefore).toBe(1);
    expect(refused).toContain("401");
    expect(new Set(second)).toEqual(new Set(["200"]));
    expect(runsSoFar()).toBe(2);
    expect(answeredBy(relay).size).toBe(2);
  });

  test("that cannot be had says why", async () => {
    await using upstream = await startUpstream();
    const env = { RELAY_KEY_COMMAND: '["sh", "-c", "echo sk-canary; exit 3"]' };
    const { relay, port } = await startWith(upstream.url, { env });
    await using _ = relay;

    const answer = await get(port);

    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toMatch(/could not be read from command sh: exit code 3/);
    expect(answer).not.toContain("canary");
  });

  test("of several is used in turn", async () => {
    await using upstream = await startUpstream();
    const keys = [{ name: "second", env: "SECOND_KEY" }];
    const env = { ...key, SECOND_KEY: "sk-second", RELAY_KEYS: JSON.stringify(keys) };
    const { relay, port } = await startWith(upstream.url, { env });
    await using _ = relay;

    for (let i = 0; i < 8; i++) await get(port);

    const sent = upstream.seen.map(({ headers }) => headers.authorization);
    expect(sent.filter((one) => one === "Bearer sk-second")).toHaveLength(4);
  });

  test("on standard input is read by the primary", async () => {
    await using upstream = await startUpstream();
    const args = ["start", "--port", "0", "--upstream", upstream.url, "--workers", "2"];
    await using relay = startCommand([...args, "--key-file", "-"]);
    relay.child.stdin!.end("sk-piped\n");
    const [, digits] = await relay.until("stdout", /:(\d+)\/v1\n/);

    for (let i = 0; i < 4; i++) await get(Number(digits));

    const sent = new Set(upstream.seen.map(({ headers }) => headers.authorization));
    expect(sent).toEqual(new Set(["Bearer sk-piped"]));
  });
});

describe("the log", () => {
  test.each([
    ["json", /^\{"level":30,.*"ending":"complete"\}$/],
    ["pretty", /^\[\d\d:\d\d:\d\d\] INFO: \S+ GET \/v1\/files\/.* complete$/],
  ])("has whole lines only, under load (%s)", async (format, line) => {
    await using upstream = await startUpstream((_req, res) => res.end("{}"));
    const { relay, port } = await startWith(upstream.url, {
      args: ["--log-format", format, "--quiet", "--log-level", "info"],
    });
    await using _ = relay;
    // Longer than what the system writes to a pipe at once (PIPE_BUF).
    const path = `/v1/files/${"file/content/".repeat(600)}`;
    const asking = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

    const clients = Array.from({ length: 8 }, async () => {
      const answers = await rawExchange(port, asking.repeat(49) + lastGet(path));
      expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(50);
    });
    await Promise.all(clients);
    relay.child.kill("SIGTERM");
    const { stderr } = await relay.ended;

    const lines = stderr.trimEnd().split("\n");
    expect(lines.filter((one) => !line.test(one))).toEqual([]);
    expect(lines).toHaveLength(400);
  });
});
