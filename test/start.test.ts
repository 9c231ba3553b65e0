import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand, startCommand, startProgram } from "./support/command.ts";
import { rawConnection } from "./support/raw.ts";
import { startUpstream } from "./support/upstream.ts";

const listening = /^(http:\/\/127\.0\.0\.1:(\d+))\/v1\n/;
const key = { OPENAI_API_KEY: "sk-canary-5c1f" };

test("stdout gets one line, the base URL, once the relay serves; everything else goes to stderr", async () => {
  await using relay = startCommand(["start", "--port", "0", "--mock"]);

  const [, origin, port] = await relay.until("stdout", listening);
  const health = await fetch(`${origin}/_relay/health`);
  relay.child.kill("SIGTERM");
  const { code, stdout, stderr } = await relay.ended;

  expect(health.status).toBe(200);
  expect(code).toBe(0);
  expect(stdout).toBe(`http://127.0.0.1:${port}/v1\n`);
  expect(stderr).toContain(
    `export OPENAI_BASE_URL=http://127.0.0.1:${port}/v1 OPENAI_API_KEY=relay`,
  );
  expect(stderr).toMatch(/"method":"GET","path":"\/_relay\/health","status":200/);
});

test("--json prints one object", async () => {
  await using relay = startCommand(["start", "--port", "0", "--mock", "--json", "--quiet"]);

  const [line] = await relay.until("stdout", /^.*\n/);

  const told = JSON.parse(line);
  expect(told).toMatchObject({ pid: relay.child.pid, upstream: "mock", config: [] });
  expect(told.url).toBe(`http://127.0.0.1:${told.port}/v1`);
  expect(relay.stderr).toBe("");
});

test("where clients bring their own keys, the line to paste does not replace them", async () => {
  await using relay = startCommand(["start", "--port", "0", "--auth", "passthrough"]);

  const [, , port] = await relay.until("stdout", listening);

  expect(relay.stderr).toContain(`export OPENAI_BASE_URL=http://127.0.0.1:${port}/v1\n`);
});

test("IPv4 and IPv6 loopback are served, and no other address", async () => {
  await using relay = startCommand(["start", "--port", "0", "--mock"]);

  const [, , port] = await relay.until("stdout", listening);

  expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(200);
  expect((await fetch(`http://[::1]:${port}/v1/models`)).status).toBe(200);
  expect((await fetch(`http://localhost:${port}/v1/models`)).status).toBe(200);
  const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const address = outside.find(({ internal, family }) => !internal && family === "IPv4")?.address;
  if (address) await expect(fetch(`http://${address}:${port}/v1/models`)).rejects.toThrow();
});

test("the key reaches upstream and nothing that is printed", async () => {
  await using upstream = await startUpstream();
  const args = ["start", "--port", "0", "--upstream", upstream.url, "--log-level", "trace"];
  await using relay = startCommand(args, { env: key });

  const [, origin] = await relay.until("stdout", listening);
  await fetch(`${origin}/v1/models?x=${key.OPENAI_API_KEY}`);
  relay.child.kill("SIGTERM");
  const { stdout, stderr } = await relay.ended;

  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${key.OPENAI_API_KEY}`);
  expect(stdout + stderr).not.toContain("canary");
});

test("without a key it says so, serves, and answers calls with 401 key_missing", async () => {
  await using relay = startCommand(["start", "--port", "0"]);

  const [, origin] = await relay.until("stdout", listening);
  const answer = await fetch(`${origin}/v1/models`);

  expect(relay.stderr).toContain("set OPENAI_API_KEY");
  expect(answer.status).toBe(401);
  expect(answer.headers.get("x-relay-error")).toBe("key_missing");
});

test("the first signal lets a live answer finish and refuses new connections, exit 0", async () => {
  const finish = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_req, res) => {
    res.write("data: one\n\n");
    await finish.promise;
    res.end("data: two\n\n");
  });
  await using relay = startCommand(["start", "--port", "0", "--upstream", upstream.url], {
    env: key,
  });
  const [, , port] = await relay.until("stdout", listening);
  using client = await rawConnection(Number(port), "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.until("data: one");

  relay.child.kill("SIGTERM");
  await relay.until("stderr", /Waiting for 1 live answer/);
  await expect(fetch(`http://127.0.0.1:${port}/v1/x`)).rejects.toThrow();
  finish.resolve();

  expect((await client.closed()).text).toMatch(/data: two\n\n\r\n0\r\n\r\n$/);
  expect((await relay.ended).code).toBe(0);
});

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a second %s cuts live answers at once, exit %i", async (signal, code) => {
  await using upstream = await startUpstream((_req, res) => void res.write("data: one\n\n"));
  await using relay = startCommand(["start", "--port", "0", "--upstream", upstream.url], {
    env: key,
  });
  const [, , port] = await relay.until("stdout", listening);
  using client = await rawConnection(Number(port), "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.until("data: one");

  relay.child.kill(signal);
  await relay.until("stderr", /Waiting for 1 live answer/);
  // The first ones come too soon after the first signal to be another one.
  const again = setInterval(() => relay.child.kill(signal), 50);

  expect((await relay.ended).code).toBe(code);
  clearInterval(again);
  expect((await client.closed()).text).not.toMatch(/0\r\n\r\n$/);
});

test("timeouts.drain bounds the wait", async () => {
  await using upstream = await startUpstream((_req, res) => void res.write("data: one\n\n"));
  const args = ["start", "--port", "0", "--upstream", upstream.url, "--timeouts-drain", "200ms"];
  await using relay = startCommand(args, { env: key });
  const [, , port] = await relay.until("stdout", listening);
  using client = await rawConnection(Number(port), "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.until("data: one");

  relay.child.kill("SIGTERM");

  expect((await relay.ended).code).toBe(0);
  expect((await client.closed()).text).not.toMatch(/0\r\n\r\n$/);
});

test("a taken port says who has it and what to do, exit 1", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;

  const { code, stdout, stderr } = await runCommand(["start", "--mock", "--port", String(port)]);
  holder.close();

  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain(`Port ${port} is in use`);
  expect(stderr).toContain("--port 0");
  if (process.platform === "linux") expect(stderr).toContain(`pid ${process.pid}`);
});

test("an upstream that is the relay itself is refused before anything listens", async () => {
  const flag = await runCommand(["start", "--upstream", "http://localhost:8484/v1"]);
  const env = { RELAY_UPSTREAM: "http://[::1]:8484" };
  const { code, stderr } = await runCommand(["start"], { env });

  expect(flag.code).toBe(2);
  expect(code).toBe(3);
  expect(stderr).toContain("upstream");
});

test("a wide bind without client tokens is refused", async () => {
  const flag = await runCommand(["start", "--host", "0.0.0.0", "--port", "0"]);
  const { code, stderr } = await runCommand(["start"], { env: { RELAY_HOST: "0.0.0.0" } });

  expect(flag.code).toBe(2);
  expect(code).toBe(3);
  expect(stderr).toContain("tokens");
});

test.each([
  [["start", "--prot", "1"], 2, /--port/],
  [["start", "--port", "http"], 2, /port.*http.*whole number/],
  [["stat"], 2, /start/],
])("%j is a usage error that says what would be right", async (args, code, says) => {
  const ended = await runCommand(args);

  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe("");
  expect(ended.stderr).toMatch(says);
});

test("a wrong environment variable is named with its value and what would be right, exit 3", async () => {
  const { code, stderr } = await runCommand(["start"], { env: { RELAY_TIMEOUTS_CONNECT: "soon" } });

  expect(code).toBe(3);
  for (const part of ["timeouts.connect", "RELAY_TIMEOUTS_CONNECT", "soon", "10s"])
    expect(stderr).toContain(part);
});

test("a reader of stdout that leaves does not stop the relay", async () => {
  await using relay = startCommand(["start", "--port", "0", "--mock"]);
  const [, origin] = await relay.until("stdout", listening);

  relay.child.stdout!.destroy();
  relay.child.stderr!.destroy();

  for (let i = 0; i < 3; i++) expect((await fetch(`${origin}/v1/models`)).status).toBe(200);
  expect(relay.child.exitCode).toBeNull();
});

test("no command prints the help on stdout, exit 0", async () => {
  const { code, stdout, stderr } = await runCommand([]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/Usage: relay/);
  for (const name of ["start", "check", "curl", "config"]) expect(stdout).toContain(`  ${name} `);
  expect(stderr).toBe("");
});

test("says so when the folder that it is started in is gone", async () => {
  const gone = "mkdir gone && cd gone && rmdir ../gone";
  const cli = join(import.meta.dirname, "../src/cli.ts");
  await using shell = startProgram("/bin/sh", [
    "-c",
    `${gone} && exec "$0" "$1" start --mock`,
    process.execPath,
    cli,
  ]);

  const { code, stderr } = await shell.ended;

  expect([code, stderr]).toEqual([
    1,
    "The folder that you are in is gone. Change to another one.\n",
  ]);
});
