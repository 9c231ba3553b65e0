import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { letIn, visit } from "./support/inspector.ts";

// `relay start --open` and `relay open`, and that any of several workers knows who was let in.

const isLinux = process.platform === "linux";
const patient = { timeout: 10_000 };
const home = createFolder();
home.write("bin/xdg-open", '#!/bin/sh\nenv > "$HOME/env"\necho "$1" >> "$HOME/opened"\n', 0o700);
const env = {
  HOME: home.path,
  PATH: `${home.at("bin")}:${process.env.PATH}`,
  OPENAI_API_KEY: "sk-canary-open",
  RELAY_TOKENS: "canary-of-a-client-token",
};
let relay: Running;
let port: number;

beforeAll(async () => {
  const args = ["start", "--mock", "--port", "0", "--workers", "2", "--open", "--no-config"];
  relay = startCommand(args, { env: { ...env, DISPLAY: ":9" } });
  const [, found] = await relay.until("stdout", /:(\d+)\/v1\n/);
  port = Number(found);
}, 30_000);

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const linkIn = (text: string) =>
  /http:\/\/127\.0\.0\.1:\d+(\/_relay\/open\?code=[\w-]{43})\n/.exec(text);
const statusOf = async (cookie: string) =>
  (await visit(port, "/_relay/api/status", { headers: { cookie } })).status;

test("the link is printed beside the base URL, and every worker lets in who opened it", async () => {
  await relay.until("stderr", /another link/);
  const [, path] = linkIn(relay.stderr)!;

  expect(relay.stdout).toBe(`http://127.0.0.1:${port}/v1\n`);
  const { status, headers } = await visit(port, path!);
  expect(status).toBe(303);
  const cookie = headers["set-cookie"]![0]!.split(";", 1)[0]!;
  // Connections go to the workers in turn.
  for (let i = 0; i < 4; i++) expect(await statusOf(cookie)).toBe(200);
  for (let i = 0; i < 4; i++) expect((await visit(port, path!)).status).toBe(401);
  await visit(port, "/_relay/api/logout", { method: "POST", headers: { cookie } });
  for (let i = 0; i < 4; i++) expect(await statusOf(cookie)).toBe(401);
});

test.runIf(isLinux)("the browser gets the link, and none of the keys", async () => {
  await expect.poll(() => home.has("opened"), patient).toBe(true);

  expect(readFileSync(home.at("opened"), "utf8")).toBe(linkIn(relay.stderr)![0]);
  const seen = readFileSync(home.at("env"), "utf8");
  expect(seen).toContain("DISPLAY=:9\n");
  expect(seen).not.toContain("canary");
});

test("relay open prints a link of its own for the relay that runs", async () => {
  const { code, stdout, stderr } = await runCommand(["open", "--port", `${port}`], { env });

  expect(stderr).toBe("Open it in a browser within a minute.\n");
  expect(code).toBe(0);
  expect((await visit(port, linkIn(stdout)![1]!)).status).toBe(303);
});

test("relay open says so where there is no relay, or none that a browser reaches", async () => {
  using folder = createFolder();
  const nobody = await runCommand(["open", "--port", "1"], { env });
  const config = folder.write("relay.config.json", { socket: folder.at("relay.sock") });
  const socket = await runCommand(["open", "--config", config], { env });

  expect(nobody).toMatchObject({ code: 1, stdout: "" });
  expect(nobody.stderr).toContain('No relay answers on port 1. Run "relay start --open"');
  expect(socket).toMatchObject({ code: 1, stdout: "" });
  expect(socket.stderr).toContain("No browser reaches a Unix socket");
});

test("a session ends with its relay", async () => {
  const cookie = await letIn(env, port);
  expect(await statusOf(cookie)).toBe(200);
  relay.child.kill("SIGTERM");
  expect((await relay.ended).code).toBe(0);
  relay = startCommand(["start", "--mock", "--port", `${port}`, "--no-config"], { env });
  await relay.until("stdout", /\n/);

  expect(await statusOf(cookie)).toBe(401);
}, 30_000);
