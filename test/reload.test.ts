import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startUpstream } from "./support/upstream.ts";

// `kill -HUP` and `relay reload`: the settings are read anew, and nobody who is being served notices.

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one[Symbol.asyncDispose]();
});

/** Starts a relay on a config file of the user's. */
async function startWith(file: string, content: string, args: string[] = []) {
  writeFileSync(file, content);
  const all = ["start", "--config", file, ...args];
  const relay = startCommand(all, { env: { OPENAI_API_KEY: "sk-reload" } });
  running.push(relay);
  const [, base] = await relay.until("stdout", /^(http\S+)\/v1\n/);
  return { relay, base: base!, port: Number(new URL(base!).port) };
}

async function hangUp(relay: Running, said: RegExp): Promise<string> {
  relay.child.kill("SIGHUP");
  const [line] = await relay.until("stderr", said);
  return line;
}

test("new requests go by the new settings, a live stream ends as it began", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  const streams: ServerResponse[] = [];
  await using first = await startUpstream((req, res) => {
    if (req.url !== "/v1/stream") return void res.end("first");
    res.write("one ");
    streams.push(res);
  });
  await using second = await startUpstream((_req, res) => res.end("second"));
  const config = (upstream: string, beta: string[]) => JSON.stringify({ port: 0, upstream, beta });
  const { relay, base } = await startWith(file, config(first.url, []));
  const stream = await fetch(`${base}/v1/stream`);
  const reader = stream.body!.getReader();
  await reader.read();

  writeFileSync(file, config(second.url, ["x=1"]));
  const said = await hangUp(relay, /^Reloaded.*\n/m);

  expect(said).toBe("Reloaded, changed: upstream, beta.\n");
  expect(await (await fetch(`${base}/v1/x`)).text()).toBe("second");
  expect(second.seen[0]!.headers["openai-beta"]).toBe("x=1");
  streams[0]!.end("two");
  const { value } = await reader.read();
  expect(Buffer.from(value!).toString()).toBe("two");
  expect((await reader.read()).done).toBe(true);
});

test("an open WebSocket stays, and the next one goes elsewhere", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  const [first, second] = ["first", "second"].map((name) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (socket) => socket.on("message", () => socket.send(name)));
    return server;
  });
  await Promise.all([once(first!, "listening"), once(second!, "listening")]);
  const urlOf = (server: WebSocketServer) =>
    `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const { relay, base } = await startWith(
    file,
    JSON.stringify({ port: 0, upstream: urlOf(first!) }),
  );
  const open = async () => {
    const socket = new WebSocket(`${base.replace("http", "ws")}/v1/realtime`);
    await once(socket, "open");
    return socket;
  };
  const ask = async (socket: WebSocket) => {
    socket.send("who");
    return String((await once(socket, "message"))[0]);
  };
  const before = await open();

  writeFileSync(file, JSON.stringify({ port: 0, upstream: urlOf(second!) }));
  await hangUp(relay, /^Reloaded/m);
  const after = await open();

  expect([await ask(before), await ask(after)]).toEqual(["first", "second"]);
  for (const socket of [before, after]) socket.terminate();
  for (const server of [first!, second!]) server.close();
});

test("under a load of requests none fails while settings are read again and again", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  await using upstream = await startUpstream((_req, res) => res.end("{}"));
  const config = (n: number) =>
    JSON.stringify({ port: 0, upstream: upstream.url, beta: [`n=${n}`], log: { level: "silent" } });
  const { relay, base } = await startWith(file, config(0));
  let isOver = false;
  const statuses: number[] = [];
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const answer = await fetch(`${base}/v1/x`, { method: "POST", body: "{}" });
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
  });

  for (let n = 1; n <= 10; n++) {
    writeFileSync(file, config(n));
    relay.child.kill("SIGHUP");
    await relay.until("stderr", new RegExp(`(?:Reloaded, changed: beta\\.\\n){${n}}`));
  }
  isOver = true;
  await Promise.all(load);

  expect(statuses.length).toBeGreaterThan(10);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(upstream.seen.at(-1)!.headers["openai-beta"]).toBe("n=10");
});

test("a key that was piped in is still there", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  await using upstream = await startUpstream((_req, res) => res.end("{}"));
  const config = (beta: string[]) =>
    JSON.stringify({ port: 0, upstream: upstream.url, keyFile: "-", beta });
  const { relay, base } = await startWith(file, config([]));
  relay.child.stdin!.end("sk-piped\n");
  await fetch(`${base}/v1/x`);

  writeFileSync(file, config(["x=1"]));
  await hangUp(relay, /^Reloaded.*\n/m);
  await fetch(`${base}/v1/x`);

  const keys = upstream.seen.map(({ headers }) => headers.authorization);
  expect(keys).toEqual(["Bearer sk-piped", "Bearer sk-piped"]);
});

test("what does not load changes nothing, and says why", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  await using upstream = await startUpstream((_req, res) => res.end("still here"));
  const { relay, base } = await startWith(
    file,
    JSON.stringify({ port: 0, upstream: upstream.url }),
  );

  writeFileSync(file, '{ "upstream": "ftp://x", "nonsense": 1');
  const broken = await hangUp(relay, /^Not reloaded.*\n/m);

  expect(broken).toContain("all settings stay as they were");
  expect(broken).toContain("relay.config.json");
  expect(await (await fetch(`${base}/v1/x`)).text()).toBe("still here");
});

test("the relay is never pointed at itself, whatever port the file names by then", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  const spare = createServer().listen(0, "127.0.0.1");
  await once(spare, "listening");
  const { port } = spare.address() as { port: number };
  await new Promise((closed) => spare.close(closed));
  const { relay, base } = await startWith(file, JSON.stringify({ port, mock: true }));

  writeFileSync(file, JSON.stringify({ port: port - 1, upstream: `http://127.0.0.1:${port}` }));
  const said = await hangUp(relay, /^Not reloaded.*\n/m);

  expect(said).toContain("that is this relay itself");
  expect((await fetch(`${base}/v1/models`)).status).toBe(200);
});

test("what holds until the end is named when it is changed", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  const { relay, base } = await startWith(file, JSON.stringify({ port: 0, mock: true }));

  writeFileSync(file, JSON.stringify({ port: 1, mock: true, limits: { connections: 5 } }));
  const said = await hangUp(relay, /^Reloaded.*\n/m);

  expect(said).toBe(
    "Reloaded, nothing has changed. Start the relay again to change port, limits.connections.\n",
  );
  expect((await fetch(`${base}/_relay/health`)).status).toBe(200);
});

test.each(["mjs", "cjs", "mts"])("a file that is code is read anew (.%s)", async (extension) => {
  using folder = createFolder();
  const file = folder.at(`relay.config.${extension}`);
  const code = (project: string) => {
    const value = JSON.stringify({ port: 0, mock: true, project });
    return extension === "cjs" ? `module.exports = ${value}` : `export default ${value}`;
  };
  const { relay } = await startWith(file, code("proj_1"));

  for (const project of ["proj_2", "proj_3"]) {
    writeFileSync(file, code(project));
    await hangUp(relay, /^Reloaded.*\n/m);
  }

  await relay.until("stderr", /(?:Reloaded, changed: project\.\n){2}/);
});

test("the level of the log changes", async () => {
  using folder = createFolder();
  const file = folder.at("relay.config.json");
  const config = (level: string) => JSON.stringify({ port: 0, mock: true, log: { level } });
  const { relay, base } = await startWith(file, config("silent"));
  await fetch(`${base}/v1/models`);

  writeFileSync(file, config("info"));
  await hangUp(relay, /^Reloaded, changed: log.level/m);
  await fetch(`${base}/v1/files`);

  await relay.until("stderr", /"path":"\/v1\/files"/);
  expect(relay.stderr).not.toContain("/v1/models");
});

describe("relay reload", { timeout: 30_000 }, () => {
  test("tells the relay on that port, and what became of it", async () => {
    using folder = createFolder();
    const file = folder.at("relay.config.json");
    const { relay, port, base } = await startWith(file, JSON.stringify({ port: 0, mock: true }));
    const health = async () => (await fetch(`${base}/_relay/health`)).json();
    expect(await health()).toEqual({ status: "ok" });

    writeFileSync(file, JSON.stringify({ port: 0, mock: true, beta: ["a=1"] }));
    const good = await runCommand(["reload", "--no-config", "--port", String(port)]);
    writeFileSync(file, "{");
    const bad = await runCommand(["reload", "--no-config", "--port", String(port)]);

    expect(good).toMatchObject({ code: 0, stderr: "Reloaded.\n" });
    expect(bad).toMatchObject({ code: 3 });
    expect(bad.stderr).toContain("do not load");
    expect(relay.stderr).toContain("Reloaded, changed: beta.");
    expect(await health()).toEqual({ status: "ok", reloads: { done: 1, failed: 1 } });
  });

  test("signals nothing that is no relay", async () => {
    await using other = await startUpstream((_req, res) => res.end("{}"));

    const { code, stderr } = await runCommand(["reload", "--no-config", "--port", `${other.port}`]);

    // This very process listens there: it would have ended.
    expect(code).toBe(1);
    expect(stderr).toContain(`No relay answers on port ${other.port}`);
  });
});
