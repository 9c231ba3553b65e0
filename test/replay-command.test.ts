import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openReader } from "../src/journal/reader.ts";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const packed = gzipSync('{"packed":true}');

let folder: Folder;
let upstream: Upstream;
let relay: Running;
let url: string;
const file = () => folder.at("journal.db");

beforeAll(async () => {
  folder = createFolder();
  upstream = await startUpstream((req, res) => {
    req.resume();
    if (req.url === "/v1/packed") res.writeHead(200, { "content-encoding": "gzip" }).end(packed);
    else res.end("fine\n");
  });
  const flags = ["--capture", "--capture-body", "2kb", "--journal-file", file()];
  relay = startCommand(
    ["start", "--no-config", "--port", "0", "--upstream", upstream.url, ...flags],
    { env: { OPENAI_API_KEY: "sk-of-the-relay-0123456789" } },
  );
  [url] = await relay.until("stdout", /http:\S+(?=\/v1\n)/);
  const body = (bytes: string) => ({ method: "POST", body: bytes });
  const type = { "content-type": "application/json", authorization: "Bearer of-the-client" };
  const asked = '{ "model":"gpt-5", "input":[{"role":"user","content":"Hi"}] }';
  await fetch(`${url}/responses?a=%2F&a=2`, { ...body(asked), headers: { ...type, "X-Own": "é" } });
  await fetch(`${url}/v1/packed`, body("no JSON"));
  await fetch(`${url}/v1/large`, body("x".repeat(4_096)));
  await vi.waitFor(() => expect(listed().filter(({ ending }) => ending)).toHaveLength(3), 5_000);
}, 30_000);
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function listed() {
  const reader = openReader(file());
  const calls = reader.list({}, { limit: 20 });
  reader.close();
  return calls;
}

function idOf(path: string): string {
  return String(listed().find((call) => call.path === path)!.seq);
}

function replay(...args: string[]) {
  return runCommand(["replay", "--no-config", "--journal-file", file(), ...args]);
}

describe("relay replay", () => {
  test("sends what was sent, to the byte, with the relay's key", async () => {
    const { stdout, code } = await replay("1");

    const [first, again] = [upstream.seen[0]!, upstream.seen.at(-1)!];
    expect({ stdout, code }).toEqual({ stdout: "fine\n", code: 0 });
    expect(again.url).toBe("/v1/responses?a=%2F&a=2");
    expect(again.body).toEqual(first.body);
    expect(again.headers).toEqual({ ...first.headers, connection: again.headers.connection });
    expect(again.headers.authorization).toBe("Bearer sk-of-the-relay-0123456789");
    const [original] = listed().slice(-1);
    await expect.poll(() => listed()[0]!.again).toBe(original!.id);
  });

  test("changes values in JSON, and prints answers unpacked", async () => {
    const sets = ["--set", "model=gpt-5-mini", "--set", "input.0.content=Ho", "--set", "n=2"];
    const [edited, unpacked] = await Promise.all([
      replay("1", "-i", ...sets),
      replay(idOf("/v1/packed")),
    ]);

    const bodies = upstream.seen.map(({ body }) => String(body));
    expect(edited.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfine\n$/);
    expect(bodies).toContain(
      '{"model":"gpt-5-mini","input":[{"role":"user","content":"Ho"}],"n":2}',
    );
    expect(unpacked.stdout).toBe('{"packed":true}');
  });

  test("with --dry-run prints a line for curl and sends nothing", async () => {
    const before = upstream.seen.length;

    const { stdout } = await replay("1", "--dry-run", "--set", "model=o3");

    expect(stdout).toContain(`curl '${url}/responses?a=%2F&a=2'`);
    expect(stdout).toContain(`--data-raw '{"model":"o3"`);
    expect(upstream.seen).toHaveLength(before);
  });

  test("refuses what it cannot do, and says why", async () => {
    const before = upstream.seen.length;
    const stranger = upstream.url;
    const [cut, text, unknown, gap, other, gone] = await Promise.all([
      replay(idOf("/v1/large")),
      replay(idOf("/v1/packed"), "--set", "a=1"),
      replay("99"),
      replay("1", "--set", "input.9.content=Ho"),
      replay("1", "--relay", stranger),
      replay("1", "--relay", "http://127.0.0.1:9"),
    ]);

    expect(cut).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("2048 of its 4096 bytes"),
    });
    expect(text).toMatchObject({ code: 2, stderr: expect.stringContaining("no JSON") });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('no call "99"') });
    expect(gap).toMatchObject({ code: 2, stderr: expect.stringContaining("leaves a gap") });
    expect(other).toMatchObject({ code: 8, stderr: expect.stringContaining("Another program") });
    expect(gone).toMatchObject({ code: 7, stderr: expect.stringContaining("relay start") });
    expect(gone.stderr).not.toContain("..");
    // What asks the other program whether it is a relay is no call.
    expect(upstream.seen.slice(before).map(({ url }) => url)).toEqual(["/_relay/health"]);
  });
});
