import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Holder, type Key } from "../src/key/holder.ts";
import { createFolder } from "./support/folder.ts";
import { rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

// Some tests start programs, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

/** An upstream that knows one key, and says so as OpenAI does. */
async function startPicky(accepted: () => string) {
  return startUpstream((req, res) => {
    const isKnown = req.headers.authorization === `Bearer ${accepted()}`;
    const error = { message: "Incorrect API key provided", code: "invalid_api_key" };
    res.writeHead(isKnown ? 200 : 401, { "x-request-id": "req_1" });
    res.end(isKnown ? "{}" : JSON.stringify({ error }));
  });
}

/** A command that prints what is in `key`, and adds a line to `runs`. */
function printing(folder: { path: string }): NodeJS.ProcessEnv {
  const script = `echo run >> "${folder.path}/runs"; cat "${folder.path}/key"`;
  return { RELAY_KEY_COMMAND: JSON.stringify(["sh", "-c", script]), PATH: process.env.PATH };
}

describe("a key that upstream refuses", () => {
  test.each(["file", "command", "envFile"])(
    "is read again where it came from: %s",
    async (kind) => {
      using folder = createFolder({ key: "sk-old", ".env": "OPENAI_API_KEY=sk-old" });
      await using upstream = await startPicky(() => "sk-new");
      const flags = {
        ...(kind === "file" && { keyFile: folder.at("key") }),
        ...(kind === "envFile" && { envFile: folder.at(".env") }),
      };
      const env = kind === "command" ? printing(folder) : {};
      await using relay = await startRelay({ upstream: upstream.url, ...flags }, { env });
      const ask = async () => (await fetch(`${relay.url}/v1/models`)).status;

      const before = await ask();
      folder.write("key", "sk-new");
      folder.write(".env", "OPENAI_API_KEY=sk-new");

      expect([before, await ask(), await ask()]).toEqual([401, 200, 200]);
    },
  );

  test("is not asked for, and not blamed, where a client brings an ephemeral secret", async () => {
    using folder = createFolder({ key: "sk-mine" });
    await using upstream = await startPicky(() => "sk-mine");
    await using relay = await startRelay({ upstream: upstream.url }, { env: printing(folder) });
    const ask = async (headers = {}) => (await fetch(`${relay.url}/v1/x`, { headers })).status;
    const ephemeral = { authorization: "Bearer ek_expired" };
    const runs = () => readFileSync(folder.at("runs"), "utf8");

    expect(await ask(ephemeral)).toBe(401);
    expect(runs).toThrow("ENOENT");
    expect([await ask(), await ask(ephemeral), await ask()]).toEqual([200, 401, 200]);
    expect(runs()).toBe("run\n");
  });

  test("its 401 passes untouched, and the same request is not sent again", async () => {
    using folder = createFolder({ key: "sk-old" });
    await using upstream = await startPicky(() => "sk-new");
    const straight = await exchange(upstream.port);
    await using relay = await startRelay({ upstream: upstream.url, keyFile: folder.at("key") });

    const relayed = await exchange(relay.port);

    expect(relayed.replace(/date: .*\r\n/i, "")).toBe(straight.replace(/date: .*\r\n/i, ""));
    expect(upstream.seen).toHaveLength(2);
  });

  test("costs no run of the command for each 401 while it comes back the same", async () => {
    using folder = createFolder({ key: "sk-old" });
    await using upstream = await startPicky(() => "sk-new");
    await using relay = await startRelay({ upstream: upstream.url }, { env: printing(folder) });

    for (let i = 0; i < 5; i++) await (await fetch(`${relay.url}/v1/models`)).text();

    expect(lines(folder.at("runs"))).toBe(2);
  });

  test("is kept when it cannot be read again", async () => {
    using folder = createFolder({ key: "sk-old" });
    await using upstream = await startPicky(() => "sk-new");
    const keyFile = folder.at("key");
    await using relay = await startRelay({ upstream: upstream.url, keyFile });

    await fetch(`${relay.url}/v1/models`);
    folder.write("key", "sk-new", 0o644);
    const answer = await fetch(`${relay.url}/v1/models`);

    expect(answer.headers.get("x-relay-error")).toBeNull();
    expect(upstream.seen.at(-1)!.headers.authorization).toBe("Bearer sk-old");
    folder.write("key", "sk-new", 0o600);
    expect((await fetch(`${relay.url}/v1/models`)).status).toBe(200);
  });

  test("by a handshake is read again as well", async () => {
    using folder = createFolder({ key: "sk-old" });
    await using upstream = await startPicky(() => "sk-new");
    await using relay = await startRelay({ upstream: upstream.url, keyFile: folder.at("key") });
    const handshake = [
      "GET /v1/realtime HTTP/1.1",
      ...["Host: localhost", "Connection: Upgrade", "Upgrade: websocket"],
      ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""],
    ];

    const refused = await rawExchange(relay.port, handshake.join("\r\n"));
    folder.write("key", "sk-new");

    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    expect((await fetch(`${relay.url}/v1/models`)).status).toBe(200);
  });

  test("from the environment stays what it is", async () => {
    await using upstream = await startPicky(() => "sk-new");
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 2; i++) expect((await fetch(`${relay.url}/v1/models`)).status).toBe(401);
  });
});

describe("the holder of a key", () => {
  const sourceOf = (read: () => Promise<string>, againMs?: number) => ({
    ...{ kind: "command" as const, name: "a test", read },
    ...(againMs !== undefined && { againMs }),
  });

  test("reads once however many wait, and gives it without a promise from then on", async () => {
    let reads = 0;
    const source = sourceOf(async () => `sk-${++reads}`);
    const holder = new Holder("default", source, new AbortController().signal);

    const found = await Promise.all([holder.get(), holder.get(), holder.get()]);

    expect(found.map((key) => key?.value)).toEqual(["sk-1", "sk-1", "sk-1"]);
    expect((holder.get() as Key).value).toBe("sk-1");
  });

  test("takes many refusals of one key for one", async () => {
    let reads = 0;
    const source = sourceOf(async () => `sk-${++reads}`, 0);
    const holder = new Holder("default", source, new AbortController().signal);
    const old = (await holder.get())!;

    for (let i = 0; i < 3; i++) old.refused();
    await holder.get();
    old.refused();

    expect((holder.get() as Key).value).toBe("sk-2");
  });

  test("does not ask again at once for what took long to come back the same", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let reads = 0;
    const read = async () => {
      reads++;
      vi.advanceTimersByTime(2_000);
      return "sk-1";
    };
    const holder = new Holder("default", sourceOf(read, 1_000), new AbortController().signal);

    for (let i = 0; i < 3; i++) (await holder.get())!.refused();
    expect(reads).toBe(2);
    vi.advanceTimersByTime(1_000);
    for (let i = 0; i < 2; i++) (await holder.get())!.refused();

    expect(reads).toBe(3);
  });

  test("forgets it for good when it is told to end", async () => {
    const end = new AbortController();
    const holder = new Holder(
      "default",
      sourceOf(async () => "sk-1"),
      end.signal,
    );
    await holder.get();
    const late = Promise.withResolvers<string>();
    const slow = new Holder(
      "default",
      sourceOf(() => late.promise),
      end.signal,
    );
    const pending = slow.get();

    end.abort();
    late.resolve("sk-2");

    expect(await pending).toBeUndefined();
    expect(await holder.get()).toBeUndefined();
    expect(await slow.get()).toBeUndefined();
  });
});

function exchange(port: number): Promise<string> {
  return rawExchange(
    port,
    "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
}

function lines(file: string): number {
  return readFileSync(file, "utf8").split("\n").length - 1;
}
