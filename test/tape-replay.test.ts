import { copyFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { BadRequestError } from "openai";
import { describe, expect, test } from "vitest";
import type { Entry } from "../src/tape/entry.ts";
import { readEntry } from "../src/tape/file.ts";
import { digestOf, noBody, stemOf, toName } from "../src/tape/name.ts";
import { startCommand } from "./support/command.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { createTapeFolder, type TapeFolder } from "./support/tape.ts";
import { startUpstream } from "./support/upstream.ts";

type Relay = { url: string };

const post = (path: string, body: string) => (relay: Relay) =>
  fetch(`${relay.url}${path}`, { method: "POST", body }).then((answer) => answer.text());

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!;
}

/** Upstream that counts how often it was asked. */
const startCounter = () => {
  let count = 0;
  return startUpstream((req, res) => {
    req.resume();
    req.on("end", () => res.end(String(++count)));
  });
};

/** A tape with the answers 1, 2 and 3 to one request. */
async function createCounted(): Promise<TapeFolder> {
  await using upstream = await startCounter();
  const tape = createTapeFolder();
  await tape.record(upstream.url, async (relay) => {
    for (let i = 0; i < 3; i++) await post("/v1/x", "a")(relay);
  });
  return tape;
}

test("the official SDK sees the same, streams too, from a tape alone", async () => {
  using tape = createTapeFolder();
  const use = async ({ url }: Relay) => {
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const file = new File(["a,b"], "a.csv");
    const stream = openai.responses.stream({ model: "gpt-5", input: "Hello" });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    return [
      await openai.chat.completions.create({ model: "gpt-5", messages }),
      await openai.chat.completions.stream({ model: "gpt-5", messages }).finalChatCompletion(),
      types,
      await stream.finalResponse(),
      (await openai.files.create({ file, purpose: "assistants" })).filename,
      await openai.models.retrieve("gpt-nonsense").catch((error: Error) => error.message),
    ];
  };

  const live = await tape.record("http://127.0.0.1:9", use, { mock: "true" });
  const replayed = await tape.replay(use);

  expect(replayed).toEqual(live);
});

test("at speed 1 slices come when they came", { retry: 3 }, async () => {
  const gaps = Array.from({ length: 40 }, (_, i) => (i * 7) % 23);
  await using upstream = await startUpstream(async (_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    for (const gap of gaps) {
      await sleep(gap);
      res.write(`data: ${gap}\n\n`);
    }
    res.end();
  });
  using tape = createTapeFolder();
  await tape.record(upstream.url, (relay) => fetch(`${relay.url}/v1/x`).then((a) => a.text()));
  const recorded = tape.lines().flatMap((line) => ("text" in line ? [Number(line.at)] : []));

  const [came, late] = await tape.replay(
    async (relay) => {
      const times: number[] = [];
      const answer = await fetch(`${relay.url}/v1/x`);
      // What the machine, busy as it is, makes of the same times by itself.
      const timers = recorded.map(async (at) => {
        const due = performance.now() + at - recorded[0]!;
        await sleep(at - recorded[0]!);
        return Math.abs(performance.now() - due);
      });
      for await (const _ of answer.body!) times.push(performance.now());
      return [times, await Promise.all(timers)] as const;
    },
    { speed: "1" },
  );

  expect(came).toHaveLength(recorded.length);
  const shifts = came.map((at, i) => at - recorded[i]!);
  const usual = quantile(shifts, 0.5);
  const off = shifts.map((shift) => Math.abs(shift - usual));
  expect(quantile(off, 0.95)).toBeLessThan(5 + quantile(late, 0.95));
});

describe("a request that was recorded several times", () => {
  test.each([
    ["repeat", ["1", "2", "3", "3"]],
    ["miss", ["1", "2", "3", expect.stringContaining("tape_miss")]],
  ])("is answered in order, then: %s", async (afterLast, expected) => {
    using tape = await createCounted();

    const answers = await tape.replay(
      async (relay) => {
        const all: string[] = [];
        for (let i = 0; i < 4; i++) all.push(await post("/v1/x", "a")(relay));
        return all;
      },
      { afterLast },
    );

    expect(answers).toEqual(expected);
  });
});

describe("what is not on the tape", () => {
  test("is an error that the SDK does not repeat, and that names the nearest", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const ask = (model: string) => (relay: Relay) =>
      new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "none" }).embeddings.create({
        model,
        input: "hello",
      });
    await tape.record(upstream.url, ask("text-embedding-3-small"));

    const { error, count } = await tape.replay(async (relay) => ({
      error: await ask("text-embedding-3-large")(relay).catch((reason: unknown) => reason),
      count: relay.outcomes.length,
    }));

    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code: "tape_miss" });
    expect((error as Error).message).toContain(tape.names()[0]);
    expect((error as Error).message).toMatch(
      /model: ".*small" on the tape, ".*large" in the request/,
    );
    expect(count).toBe(1);
  });

  test("is recorded with --tape, each answer of what is asked again too, and replayed later", async () => {
    await using upstream = await startCounter();
    using tape = createTapeFolder();
    const flags = { upstream: upstream.url, tape: tape.path };
    const use = async (bodies: string[], env?: NodeJS.ProcessEnv) => {
      await using relay = await startRelay(flags, { env: { CI: "", ...env } });
      const all: string[] = [];
      for (const body of bodies) all.push(await post("/v1/x", body)(relay));
      return all;
    };

    expect(await use(["a", "a"])).toEqual(["1", "2"]);
    expect(await use(["a", "b", "a", "a"])).toEqual(["1", "3", "2", "2"]);
    expect(await use(["b", "c"], { CI: "true" })).toEqual([
      "3",
      expect.stringContaining("tape_miss"),
    ]);
    expect(tape.names()).toHaveLength(3);
    expect(upstream.seen).toHaveLength(3);
  });

  test("goes to OpenAI where the settings say so, body and all", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const flags = { upstream: upstream.url, replay: tape.path, onMiss: "ask" };
    const large = "x".repeat(300_000);

    await using relay = await startRelay(flags);
    await post("/v1/x", large)(relay);

    expect(String(upstream.seen[0]!.body)).toBe(large);
    expect(upstream.seen[0]!.headers["content-length"]).toBe("300000");
    expect(tape.names()).toEqual([]);
  });

  test("is not what a broken file says", async () => {
    using tape = await createCounted();
    const first = tape.names().find((name) => !/-\d\.jsonl$/.test(name))!;
    writeFileSync(tape.at(first), `${JSON.stringify(tape.lines(first)[0])}\n{"at":`);

    const text = await tape.replay((relay) => post("/v1/x", "a")(relay));

    expect(text).toMatch(/relay tape check/);
  });
});

test("a tape of 10,000 exchanges is there at once", { timeout: 30_000 }, async () => {
  using tape = createTapeFolder();
  const end = '{"at":2,"status":200,"reason":"OK","headers":[]}\n{"at":3,"end":"complete"}\n';
  for (let i = 0; i < 10_000; i++) {
    const ask = {
      method: "GET",
      path: `/v1/x/${i}`,
      query: undefined,
      upgrade: false,
      range: undefined,
    };
    const digest = digestOf(ask, noBody);
    const { method, path } = ask;
    const asked = { tape: 1, method, path, digest, recorded: "2026-01-01T00:00:00Z", headers: [] };
    const file = tape.at(toName(stemOf(method, path, digest), 1));
    writeFileSync(file, `${JSON.stringify(asked)}\n${end}`);
  }

  const started = performance.now();
  const [first, ms, missing] = await tape.replay(async (relay) => {
    const { status } = await fetch(`${relay.url}/v1/x/9999`);
    const took = performance.now() - started;
    return [
      status,
      took,
      await fetch(`${relay.url}/v1/y`).then((answer) => answer.text()),
    ] as const;
  });

  expect(first).toBe(200);
  expect(ms).toBeLessThan(1_500);
  expect(missing).toContain("tape_miss");
});

test("a reader that reads nothing holds the tape back", { timeout: 20_000 }, async () => {
  const piece = Buffer.alloc(65_536, "x");
  const count = 500;
  using tape = createTapeFolder();
  const ask = { method: "GET", path: "/v1/x", query: undefined, upgrade: false, range: undefined };
  const digest = digestOf(ask, noBody);
  const entry: Entry = {
    asked: {
      tape: 1,
      method: "GET",
      path: "/v1/x",
      digest,
      recorded: "2026-01-02T03:04:05.678Z",
      headers: [],
    },
    interim: [],
    head: { at: 1, status: 200, reason: "OK", headers: [] },
    parts: Array.from({ length: count }, () => ({ at: 2, text: piece.toString() })),
    end: { at: 3, end: "complete" },
  };
  const lines = [entry.asked, entry.head, ...entry.parts, entry.end];
  const file = tape.write(
    toName(stemOf("GET", "/v1/x", digest), 1),
    lines.map((l) => JSON.stringify(l)).join("\n"),
  );
  expect((await readEntry(file)).parts).toHaveLength(count);
  let sent = 0;
  const add = (length: number) => {
    sent += length;
  };
  await using relay = await startRelay(
    { replay: tape.path },
    { observers: [{ chunk: (_exchange, chunk) => add(chunk.length) }] },
  );
  using client = await rawConnection(
    relay.port,
    "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  client.socket.pause();

  let last = -1;
  let still = 0;
  const look = () => {
    still = sent === last && sent > 0 ? still + 1 : 0;
    last = sent;
    return still;
  };
  await expect.poll(look, { timeout: 10_000, interval: 50 }).toBeGreaterThan(5);
  expect(sent).toBeLessThan((count * piece.length) / 2);
  client.socket.resume();
  const { text } = await client.closed();

  expect(text.endsWith("0\r\n\r\n")).toBe(true);
  expect(sent).toBe(count * piece.length);
});

describe("the command line", () => {
  test("says what became of a tape, and fails where the command and the tape do not fit", {
    timeout: 20_000,
  }, async () => {
    using tape = await createCounted();
    const [first] = tape.names();
    for (const number of [4, 5, 6, 7, 8])
      copyFileSync(tape.at(first!), tape.at(first!.replace(/(-\d)?\.jsonl$/, `-${number}.jsonl`)));
    const ask = (path: string) =>
      `fetch(process.env.OPENAI_BASE_URL + "${path}", { method: "POST", body: "a", headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY } })`;
    const run = (script: string, ...flags: string[]) => {
      const args = ["run", "--replay", tape.path, ...flags, "--", process.execPath, "-e", script];
      return startCommand(args).ended;
    };

    const [fits, misses, leaves] = await Promise.all([
      run(ask("/x")),
      run(ask("/y")),
      run(ask("/x"), "--strict-unused"),
    ]);

    expect(fits).toMatchObject({ code: 0 });
    expect(fits.stderr).toContain("relay: tape: 1 replayed, 0 missed, 7 unused\n");
    expect(misses).toMatchObject({ code: 10 });
    expect(misses.stderr).toContain("0 replayed, 1 missed, 8 unused");
    expect(leaves).toMatchObject({ code: 10 });
    // All of them, to prune by: it is no terminal.
    const unused = leaves.stderr.matchAll(/^relay: unused: (.*)$/gm);
    const isUsed = (name: string) => !/-\d\.jsonl$/.test(name);
    expect([...unused].map(([, name]) => name)).toEqual(
      tape.names().filter((name) => !isUsed(name)),
    );
  });

  test("starts without a key where only the tape is asked, and says so", async () => {
    using tape = await createCounted();
    await using relay = startCommand(["start", "--replay", tape.path, "--port", "0"]);

    await relay.until("stderr", /a tape; no key needed/);
    expect(relay.stderr).not.toMatch(/OPENAI_API_KEY and/);
  });
});
