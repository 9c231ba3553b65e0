import { getDefaultResultOrder, setDefaultResultOrder } from "node:dns";
import { readFileSync } from "node:fs";
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../src/config/load.ts";
import { toRow } from "../src/curl/meter.ts";
import { applyWay } from "../src/curl/way.ts";
import { createAuthority } from "./support/authority.ts";
import { runCommand, startCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startProxy } from "./support/proxy.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

vi.setConfig({ testTimeout: 20_000 });

const env = { OPENAI_API_KEY: testKey };

function relayCurl(args: string[], more: NodeJS.ProcessEnv = {}) {
  return runCommand(["curl", "--no-config", ...args], { env: { ...env, ...more } });
}

test("-x goes through a proxy, --noproxy around it, --cacert trusts an authority", async () => {
  using authority = createAuthority();
  await using upstream = await startUpstream(undefined, authority.issue({ name: "DNS:api.test" }));
  await using proxy = await startProxy({ to: upstream.port });
  const args = ["--cacert", authority.file, "--upstream", "https://api.test", "models"];

  const through = await relayCurl(["-x", proxy.url, ...args]);
  const around = await relayCurl(["-x", proxy.url, "--noproxy", "*", ...args]);
  const named = await relayCurl(["--noproxy", "other.test,api.test", ...args], {
    HTTPS_PROXY: proxy.url,
  });

  expect(through).toMatchObject({ code: 0, stdout: "{}" });
  expect(proxy.asked).toEqual(["api.test:443"]);
  expect([around.code, named.code]).toEqual([6, 6]);
});

test.for([
  [{ ipv4: true }, "ipv4first", false],
  [{ ipv6: true }, "ipv6first", false],
  [{}, getDefaultResultOrder(), getDefaultAutoSelectFamily()],
] as const)("%j asks for addresses in the order %s", async ([options, order, both]) => {
  const before = [getDefaultResultOrder(), getDefaultAutoSelectFamily()] as const;
  onTestFinished(() => {
    setDefaultResultOrder(before[0]);
    setDefaultAutoSelectFamily(before[1]);
  });
  const { config } = await loadConfig({ flags: {}, env: {}, cwd: "/", config: false });

  applyWay(options, config);

  expect([getDefaultResultOrder(), getDefaultAutoSelectFamily()]).toEqual([order, both]);
});

test.for([["-4"], ["-6"]])("%s is taken", async (args) => {
  expect(await relayCurl(["--mock", ...args, "models"])).toMatchObject({ code: 0, stderr: "" });
});

test("--stderr takes all remarks: to a file, or to standard output", async () => {
  using folder = createFolder();
  await using upstream = await startUpstream((_req, res) => res.writeHead(404).end("gone"));
  const args = ["--upstream", upstream.url, "-vf", "models"];

  const filed = await relayCurl(["--stderr", folder.at("remarks"), ...args]);
  const mixed = await relayCurl(["--stderr", "-", ...args]);

  expect(filed).toMatchObject({ code: 22, stdout: "", stderr: "" });
  expect(mixed).toMatchObject({ code: 22, stderr: "" });
  expect(readFileSync(folder.at("remarks"), "utf8")).toMatch(
    /^> GET .*\n(.*\n)*relay curl: \(22\) .*\n$/,
  );
  expect(mixed.stdout).toMatch(/^> GET .*\n(.*\n)*relay curl: \(22\) .*\n$/);
});

test("a redirect elsewhere is not followed: the key stays with the upstream", async () => {
  await using other = await startUpstream();
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(302, { location: `${other.url}/v1/x` }).end("moved");
  });

  const result = await relayCurl(["--upstream", upstream.url, "-L", "models"]);

  expect(result).toMatchObject({ code: 0, stdout: "moved" });
  expect(result.stderr).toContain(`${other.url}/v1/x`);
  expect(other.connections).toBe(0);
});

test("standard input is not sent twice", async () => {
  await using upstream = await startUpstream((req, res) => {
    req.resume().on("end", () => res.writeHead(503).end("busy"));
  });

  const words = ["curl", "--no-config", "--upstream", upstream.url, "--retry", "2", "-T-", "files"];
  const result = await runCommand(words, { env, input: "once" });

  expect(result).toMatchObject({ code: 0, stdout: "busy" });
  expect(upstream.seen.map(({ body }) => String(body))).toEqual(["once"]);
});

test("nobody is asked twice where nobody listens, unless --retry-connrefused", async () => {
  const args = [
    "--upstream",
    "http://127.0.0.1:1",
    "--retry",
    "1",
    "--retry-delay",
    "0.01",
    "models",
  ];

  const once = await relayCurl(args);
  const twice = await relayCurl(["--retry-connrefused", ...args]);

  expect([once.code, twice.code]).toEqual([7, 7]);
  expect(once.stderr).not.toContain("Will retry");
  expect(twice.stderr).toContain(
    "Problem: connection refused. Will retry in 0.01 seconds. 0 retries left.",
  );
});

test("a file is sent again at each try, from its beginning", async () => {
  using folder = createFolder({ file: "all of it" });
  let times = 0;
  await using upstream = await startUpstream((req, res) => {
    req.resume().on("end", () => res.writeHead(times++ === 0 ? 503 : 200).end());
  });
  const args = ["--upstream", upstream.url, "--retry", "1", "--retry-delay", "0.01"];

  const { code } = await relayCurl([...args, "-F", `file=@${folder.at("file")}`, "files"]);

  const [first, second] = upstream.seen.map(({ body }) => String(body));
  expect(code).toBe(0);
  expect(first).toContain("all of it");
  expect(second).toBe(first);
});

test("-w times a call: looked up, connected, ready, answered, in this order", async () => {
  using authority = createAuthority();
  await using upstream = await startUpstream(undefined, authority.issue({ name: "DNS:localhost" }));
  const names = ["namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"];
  const format = names.map((name) => `%{time_${name}}`).join(" ");
  const address = `https://localhost:${upstream.port}`;

  const args = ["--ca", authority.file, "--upstream", address, "-o", "/dev/null", "-w", format];
  const { stdout } = await relayCurl([...args, "models"]);

  const times = stdout.split(" ").map(Number);
  expect(times[0]).toBeGreaterThan(0);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length - 1);
});

test("%{json} has the same names as curl's, and its kinds of value", async () => {
  await using upstream = await startUpstream();
  const args = ["-s", "-o", "/dev/null", "-w", "%{json}", "-d", "abc"];
  const url = `${upstream.url}/v1/models`;

  const real = await startProgram("curl", ["-q", ...args, url]).ended;
  const ours = await relayCurl(["--upstream", upstream.url, ...args, url]);

  const kinds = (text: string) =>
    Object.fromEntries(
      Object.entries(JSON.parse(text)).map(([name, value]) => [name, typeof value]),
    );
  expect(Object.keys(kinds(ours.stdout)).length).toBeGreaterThan(40);
  // Later versions of curl have more names.
  expect(kinds(real.stdout)).toMatchObject(kinds(ours.stdout));
});

test("%output{file} writes files, %{stderr} remarks", async () => {
  using folder = createFolder({ log: "before\n" });
  const log = folder.at("log");
  const format = `%{stderr}E%output{>>${log}}%{http_code}\\n%output{${log}2}2%{stdout}O`;

  const result = await relayCurl(["--mock", "-o", folder.at("body"), "-w", format, "models"]);

  expect(result).toMatchObject({ code: 0, stdout: "O", stderr: "E" });
  expect([readFileSync(log, "utf8"), readFileSync(`${log}2`, "utf8")]).toEqual([
    "before\n200\n",
    "2",
  ]);
});

test("-# draws a bar on the way to a file; -s and --no-progress-meter keep it away", async () => {
  const args = ["--mock", "-o", "/dev/null", "models"];

  const bar = await relayCurl(["-#", ...args]);
  const silent = await relayCurl(["-s#", ...args]);
  const none = await relayCurl(["-#", "--no-progress-meter", ...args]);

  expect(bar.stderr).toMatch(/\r#{60} 100\.0%\n$/);
  expect([silent.stderr, none.stderr]).toEqual(["", ""]);
});

test("the meter has curl's columns", () => {
  const half = { received: 5_000_000, toReceive: 10_000_000, sent: 0, toSend: undefined };
  const upload = { received: 2, toReceive: undefined, sent: 150_000, toSend: 200_000 };

  // Real curl's heading, for the eye:
  //  "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current"
  //  "                                 Dload  Upload   Total   Spent    Left  Speed"
  expect(toRow(half, 10, 400_000)).toBe(
    " 50 9765k   50 4882k    0     0   488k      0  0:00:20  0:00:10  0:00:10  390k",
  );
  expect(toRow(upload, 3700, 0)).toBe(
    " 75  195k    0     2   75  146k      0     40  1:22:13  1:01:40  0:20:33     0",
  );
});

test("on a terminal a file's progress is shown, and nothing where the answer goes there", async () => {
  using folder = createFolder();
  const cli = `${process.execPath} ${new URL("../src/cli.ts", import.meta.url).pathname}`;
  const run = (line: string) =>
    startProgram("script", ["-qec", `${cli} curl --no-config --mock ${line}`, "/dev/null"], {
      cwd: folder.path,
    }).ended;

  const filed = await run("-o file models");
  const shown = await run("models");

  expect(filed.stdout).toMatch(/% Total(?:.|\n|\r)*\r100\s+908\s+100\s+908 /);
  expect(shown.stdout).toMatch(/^\{"object":"list"[^\r]*$/);
});

test("--relay trusts the certificate that relay tls made for it", async () => {
  using folder = createFolder();
  const state = { XDG_STATE_HOME: folder.path };
  await runCommand(["tls"], { env: state });
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url }, { env: state });

  const secure = relay.url.replace("http:", "https:");
  const result = await relayCurl(["--relay", secure, "models"], state);
  const stranger = await relayCurl(["--relay", secure, "models"]);

  expect(result).toMatchObject({ code: 0, stdout: "{}" });
  expect(stranger.code).toBe(60);
});

test("a slice is unpacked while the upstream is still talking", async () => {
  const { createGzip, constants } = await import("node:zlib");
  const silence = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_req, res) => {
    res.writeHead(200, { "content-encoding": "gzip" });
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(res);
    gzip.write("data: one\n\n");
    await silence.promise;
    gzip.end("data: [DONE]\n\n");
  });

  await using running = startCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "--compressed", "responses"],
    { env },
  );
  await running.until("stdout", /data: one\n\n/);
  silence.resolve();

  expect(await running.ended).toMatchObject({ code: 0, stdout: "data: one\n\ndata: [DONE]\n\n" });
});

test("--relay unix:PATH: calls, WebSockets and --print-curl through a Unix socket", async () => {
  using folder = createFolder();
  const socket = folder.at("run/relay.sock");
  await using upstream = await startWebSocketUpstream({ onConnection: (ws) => ws.send("ready") });
  await using _relay = await startRelay({ upstream: upstream.url, socket });
  const to = ["--relay", `unix:${socket}`];

  const called = await relayCurl([...to, "-w", "%{http_code} %{url_effective}", "a:b"]);
  const session = await relayCurl([...to, "--ws", "/v1/realtime?model=a:b"]);
  const line = await relayCurl([...to, "--print-curl", "-w", "%{http_code}", "a:b"]);
  const pasted = await startProgram("sh", ["-c", line.stdout]).ended;

  expect(called).toMatchObject({ code: 0, stdout: "404 http://localhost/a:b" });
  expect(session).toMatchObject({ code: 0, stdout: "ready\n" });
  expect(upstream.handshakes[0]?.url).toBe("/v1/realtime?model=a:b");
  expect(pasted).toMatchObject({ code: 0, stdout: "404" });
});
