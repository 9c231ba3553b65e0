import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

vi.setConfig({ testTimeout: 20_000 });

const env = { OPENAI_API_KEY: testKey };

function startSession(args: string[], more: NodeJS.ProcessEnv = {}) {
  return startCommand(["curl", "--no-config", "--ws", ...args], { env: { ...env, ...more } });
}

function echo(socket: WebSocket): void {
  socket.send("ready");
  socket.on("message", (data) => socket.send(`echo ${data}`));
}

test("a line of input is a message, a message a line of output, as they come", async () => {
  await using upstream = await startWebSocketUpstream({ onConnection: echo });

  await using session = startSession(["--upstream", upstream.url, "realtime?model=m"]);
  await session.until("stdout", /^ready\n$/);
  session.child.stdin!.write("one\n");
  await session.until("stdout", /\necho one\n$/);
  session.child.stdin!.end("zwei ü\nthree");

  const ended = await session.ended;
  expect(ended).toMatchObject({ code: 0, stderr: "closed: 1000\n" });
  expect(ended.stdout).toBe("ready\necho one\necho zwei ü\necho three\n");
  expect(upstream.handshakes[0]).toMatchObject({ url: "/v1/realtime?model=m" });
  expect(upstream.handshakes[0]?.headers.authorization).toBe(`Bearer ${testKey}`);
});

test("headers and subprotocols go along; nothing of the relay's does", async () => {
  const chosen = Promise.withResolvers<string>();
  await using upstream = await startWebSocketUpstream({
    onConnection: (socket) => chosen.resolve(socket.protocol),
  });
  const lines = [
    "-H",
    "X-A: 1",
    "-H",
    "x-a: 2",
    "-H",
    "Sec-WebSocket-Protocol: realtime",
    "-A",
    "me/1",
  ];

  await using session = startSession([
    "--upstream",
    upstream.url,
    ...lines,
    "wss://127.0.0.1/v1/x",
  ]);
  const refused = await session.ended;
  await using plain = startSession([
    "--upstream",
    upstream.url,
    ...lines,
    `ws://127.0.0.1:${upstream.port}/v1/x`,
  ]);
  plain.child.stdin!.end();
  await plain.ended;

  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the relay's key is for"),
  });
  const { headers } = upstream.handshakes[0]!;
  expect(headers).toMatchObject({ "x-a": "1, 2", "user-agent": "me/1" });
  expect(await chosen.promise).toBe("realtime");
  expect(JSON.stringify(headers)).not.toContain("x-relay");
});

test("-v shows heads and frames, and no credential", async () => {
  await using upstream = await startWebSocketUpstream({
    onConnection(socket) {
      socket.ping("abc");
      socket.on("message", () => socket.send(Buffer.from([1, 2])));
    },
  });

  await using session = startSession(["--upstream", upstream.url, "-v", "realtime"]);
  await session.until("stderr", /< ping frame, 3 bytes\n/);
  session.child.stdin!.end("hello\n");
  const { code, stdout, stderr } = await session.ended;

  expect([code, stdout]).toEqual([0, "\u0001\u0002\n"]);
  expect(stderr).toMatch(
    /^> GET \/realtime HTTP\/1\.1\n(> .*\n)+< HTTP\/1\.1 101 Switching Protocols\n/,
  );
  expect(stderr).toMatch(/> text frame, 5 bytes\n(.*\n)*< binary frame, 2 bytes\n/);
  expect(stderr).toContain("> close frame, 1000\n");
  expect(stderr).not.toMatch(/token|authorization|sk-/i);
});

test.for([
  [1000, "done", 0, "closed: 1000 done\n"],
  [1001, "", 0, "closed: 1001\n"],
  [
    4001,
    "session expired",
    56,
    "relay curl: (56) The WebSocket was closed with 4001 session expired\n",
  ],
] as const)("the server closes with %i", async ([closeCode, reason, code, stderr]) => {
  await using upstream = await startWebSocketUpstream({
    onConnection: (socket) => socket.close(closeCode, reason),
  });

  await using session = startSession(["--upstream", upstream.url, "realtime"]);

  // Standard input stays open.
  expect(await session.ended).toMatchObject({ code, stdout: "", stderr });
});

test("-s keeps quiet, -o takes the messages, -m ends it", async () => {
  using folder = createFolder();
  await using upstream = await startWebSocketUpstream({ onConnection: echo });
  const args = ["--upstream", upstream.url, "-s", "-o", folder.at("out")];

  const result = await runCommand(["curl", "--no-config", "--ws", ...args, "realtime"], {
    env,
    input: "x\n",
  });
  await using timed = startSession(["--upstream", upstream.url, "-m", "1.5", "realtime"]);

  expect(result).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(folder.at("out"), "utf8")).toBe("ready\necho x\n");
  expect(await timed.ended).toMatchObject({ code: 28, stdout: "ready\n" });
});

test("a refusal is printed, and ends with 22", async () => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(403).end('{"no":1}'));

  const result = await runCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "--ws", "realtime"],
    { env },
  );

  expect(result).toMatchObject({
    ...{ code: 22, stdout: '{"no":1}' },
    stderr: "relay curl: (22) The WebSocket was refused: 403 Forbidden\n",
  });
});

test("without a connection the codes are curl's", async () => {
  await using silent = await startRawUpstream((socket) => socket.end());
  const session = (upstream: string) =>
    runCommand(["curl", "--no-config", "--upstream", upstream, "--ws", "realtime"], { env });

  expect(await session("http://127.0.0.1:1")).toMatchObject({ code: 7, stdout: "" });
  expect(await session("https://nothing.invalid")).toMatchObject({ code: 6, stdout: "" });
  expect(await session(silent.url)).toMatchObject({ code: 52, stdout: "" });
});

test("a connection that is lost ends with 56", async () => {
  await using upstream = await startWebSocketUpstream({
    onConnection: (socket) => socket.send("x"),
  });

  await using session = startSession(["--upstream", upstream.url, "realtime"]);
  await session.until("stdout", /x/);
  upstream.sockets[0]!.destroy();

  expect(await session.ended).toMatchObject({ code: 56, stderr: expect.stringContaining("1006") });
});

test("--relay: through one that runs, with its token", async () => {
  const token = "a-token-of-the-relay";
  await using upstream = await startWebSocketUpstream({ onConnection: echo });
  await using relay = await startRelay(
    { upstream: upstream.url, requireToken: true },
    { env: { RELAY_TOKENS: token } },
  );

  await using session = startSession(["--relay", relay.url, "realtime"], { RELAY_TOKENS: token });
  await session.until("stdout", /ready\n/);
  session.child.stdin!.end("one\n");
  const stranger = await runCommand(["curl", "--no-config", "--relay", relay.url, "--ws", "x"], {
    env,
  });

  expect(await session.ended).toMatchObject({ code: 0, stdout: "ready\necho one\n" });
  expect(stranger).toMatchObject({
    code: 22,
    stdout: expect.stringContaining("invalid_relay_token"),
  });
  expect(JSON.stringify(upstream.handshakes[0]?.headers)).not.toContain(token);
});

test("a reader of the output that is slow holds the server back, and gets everything", async () => {
  const size = 300;
  const line = "x".repeat(100_000);
  await using upstream = await startWebSocketUpstream({
    onConnection(socket) {
      for (let i = 0; i < size; i++) socket.send(line);
      socket.close(1000);
    },
  });

  await using session = startSession(["--upstream", upstream.url, "realtime"]);
  session.child.stdout!.pause();
  await once(session.child.stdout!, "readable");
  session.child.stdout!.resume();

  const { code, stdout } = await session.ended;
  expect([code, stdout.length]).toEqual([0, size * (line.length + 1)]);
});
