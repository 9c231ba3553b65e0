import { join } from "node:path";
import OpenAI, { toFile } from "openai";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import * as entry from "../src/test-runner/index.ts";
import type * as declared from "../src/test-runner/test.d.cts";
import { createFolder } from "./support/folder.ts";
import { startUpstream } from "./support/upstream.ts";

// The package's export, held to the types that are published with it.
const { startRelay, tapeOf, useRelay }: Omit<typeof declared, "default"> = entry;
type Relay = declared.Relay;

/** No file of this machine has a say. */
const alone = { config: false } as const;

const clientOf = ({ baseURL }: Relay) => new OpenAI({ baseURL, apiKey: "sk-secret-of-the-test" });
const ask = (relay: Relay, input: string) =>
  clientOf(relay).responses.create({ model: "gpt-5", input });

/** Records with the mock in the place of OpenAI. */
async function record(tape: string, inputs: string[]): Promise<void> {
  await using relay = await startRelay({ ...alone, mock: true, record: tape });
  for (const input of inputs) await ask(relay, input);
}

test("tells what was asked, and no key", async () => {
  await using relay = await startRelay({ ...alone, mock: true });
  const openai = clientOf(relay);

  await openai.chat.completions.create({
    model: "gpt-5",
    messages: [{ role: "user", content: "x".repeat(100_000) }],
  });
  await openai.audio.transcriptions.create({
    model: "whisper-1",
    file: await toFile(Buffer.from("a"), "a.wav"),
  });
  await fetch(`${relay.url}/v1/sk-AbCdEf0123456789AbCdEf0123456789?key=sk-1`);
  await fetch(`${relay.url}/v1/responses`, { method: "POST", body: "{" });

  expect(relay.calls).toEqual([
    { ...whole, method: "POST", path: "/v1/chat/completions", model: "gpt-5", status: 200 },
    { ...whole, method: "POST", path: "/v1/audio/transcriptions", model: "whisper-1", status: 200 },
    { ...whole, method: "GET", path: "/v1/…", model: undefined, status: 404 },
    { ...whole, method: "POST", path: "/v1/responses", model: undefined, status: 400 },
  ]);
});

const whole = { ending: "complete", error: undefined, fault: undefined };

test("sends bodies on as they came, in which it looks for the model", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({
    ...alone,
    upstream: upstream.url,
    settings: { auth: "passthrough" },
  });
  const body = `{"model": "m" ,"x":"${"é".repeat(70_000)}"}`;

  await fetch(`${relay.baseURL}/responses`, { method: "POST", body });

  expect(upstream.seen[0]!.body.toString()).toBe(body);
  expect(relay.calls[0]!.model).toBe("m");
});

test("replays a tape without key and network, and says what does not fit", async () => {
  using folder = createFolder();
  await record(folder.path, ["Say one", "Say two"]);
  await using relay = await startRelay({ ...alone, replay: folder.path, strictUnused: true });

  expect((await ask(relay, "Say one")).output_text).toContain("Say one");
  expect(relay.misses).toEqual([]);
  expect(relay.unused).toHaveLength(1);
  expect(() => relay.check()).toThrow(
    /post-responses-\w+\.jsonl is on the tape, and was not asked/,
  );
  await expect(ask(relay, "Say three")).rejects.toThrow("is not on the tape");
  expect(relay.misses).toHaveLength(1);
  expect(relay.calls.at(-1)).toMatchObject({ status: 400, ending: "refused", error: "tape_miss" });
  expect(() => relay.check()).toThrow(/input: .*Say three.*Delete that folder/s);
});

test("a tape is added to, but not in CI; who asks nothing leaves no folder", async () => {
  using folder = createFolder();
  await using upstream = await startRelay({ ...alone, mock: true });
  const tape = folder.at("tapes/a.test.ts/name");
  const common = { ...alone, tape, upstream: upstream.url, settings: { auth: "passthrough" } };
  const during = async (ci: string, use: (relay: Relay) => Promise<unknown>) => {
    vi.stubEnv("CI", ci);
    await using relay = await startRelay(common);
    vi.unstubAllEnvs();
    await use(relay);
  };

  await during("", async () => {});
  expect(folder.has("tapes/a.test.ts")).toBe(false);
  await during("", (relay) => ask(relay, "Say one"));
  await during("true", async (relay) => {
    await ask(relay, "Say one");
    await expect(ask(relay, "Say two")).rejects.toThrow("is not on the tape");
  });
  await during("", (relay) => ask(relay, "Say one"));
  expect(upstream.calls).toHaveLength(1);
});

test("a WebSocket that leaves its tape is a miss", async () => {
  using folder = createFolder();
  const say = async (options: declared.RelayOptions, type: string) => {
    await using relay = await startRelay({ ...alone, ...options });
    const socket = new WebSocket(
      `${relay.baseURL.replace("http", "ws")}/realtime?model=gpt-realtime`,
    );
    const answers: string[] = [];
    await new Promise<void>((resolve) => {
      socket.on("message", (text) => {
        const answer = JSON.parse(String(text)) as { type: string };
        if (answers.push(answer.type) === 1) socket.send(JSON.stringify({ type }));
        else resolve();
      });
    });
    socket.terminate();
    return { answers, misses: relay.misses, calls: relay.calls };
  };

  await say({ mock: true, record: folder.path }, "input_audio_buffer.clear");
  const { answers, misses, calls } = await say({ replay: folder.path }, "response.create");

  expect(answers).toEqual(["session.created", "error"]);
  expect(misses).toEqual([expect.stringMatching(/^A WebSocket said what is not on the tape/)]);
  expect(calls).toMatchObject([{ method: "GET", model: "gpt-realtime", status: 101 }]);
});

test("faults and the mock's settings; several relays at once", async () => {
  await using faulty = await startRelay({
    ...alone,
    mock: true,
    fault: ["503;nth=1", "cut(after=10b)"],
  });
  await using limited = await startRelay({ ...alone, mock: { requestsPerMinute: 1 } });
  const statusOf = async ({ baseURL }: Relay) =>
    (await fetch(`${baseURL}/responses`, { method: "POST", body: '{"model":"m","input":""}' }))
      .status;

  expect([await statusOf(faulty), await statusOf(limited), await statusOf(limited)]).toEqual([
    503, 200, 429,
  ]);
  const cut = fetch(`${faulty.baseURL}/models`).then((answer) => answer.text());
  await expect(cut).rejects.toThrow("terminated");
  expect(faulty.calls.map(({ fault }) => fault)).toEqual(["503", "cut"]);
  expect(faulty.url).not.toBe(limited.url);
});

test("the environment is the caller's, and on demand leads to the relay while it runs", async () => {
  vi.stubEnv("OPENAI_API_KEY", "sk-own");
  vi.stubEnv("OPENAI_BASE_URL", undefined);
  const seen = () => [process.env.OPENAI_BASE_URL, process.env.OPENAI_API_KEY];

  await using _other = await startRelay({ ...alone, mock: true });
  expect(seen()).toEqual([undefined, "sk-own"]);
  const relay = await startRelay({ ...alone, mock: true, env: true });
  expect(seen()).toEqual([relay.baseURL, relay.env.OPENAI_API_KEY]);
  await new OpenAI().models.list();
  await Promise.all([relay.stop(), relay.stop()]);
  expect(seen()).toEqual([undefined, "sk-own"]);
  await expect(fetch(relay.url)).rejects.toThrow();

  const first = await startRelay({ ...alone, mock: true, env: true });
  const second = await startRelay({ ...alone, mock: true, env: true });
  await first.stop();
  expect(seen()).toEqual([second.baseURL, second.env.OPENAI_API_KEY]);
  await second.stop();
  expect(seen()).toEqual([undefined, "sk-own"]);
  vi.unstubAllEnvs();
});

test("who names a mode means that one, whatever the environment says", async () => {
  vi.stubEnv("RELAY_MOCK", "true");
  vi.stubEnv("RELAY_REPLAY", "/nonexistent");
  using folder = createFolder();

  await using relay = await startRelay({ ...alone, tape: folder.path, onMiss: "refuse" });
  vi.unstubAllEnvs();

  expect((await fetch(`${relay.baseURL}/models`)).headers.get("x-relay-error")).toBe("tape_miss");
});

test.each([
  [{ mok: true }, '"mok" is no option. Did you mean "mock"?'],
  [
    { mock: { latency: "12" } },
    '"mockLatency" is "12" (startRelay): it must be a time with its unit',
  ],
  [{ fault: "rate-limt" }, 'Did you mean "rate-limit"?'],
  [{ replay: "/nonexistent" }, "there is no such folder. Record it first"],
])("%o is refused: %s", async (options, message) => {
  await expect(startRelay({ ...alone, ...options })).rejects.toThrow(message);
});

const file = "/project/test/chat.test.ts";
const suite = { name: "chat" };

test.each([
  ["vitest", { task: { name: "says hello", suite, file: { filepath: file } } }, "chat--says-hello"],
  ["node:test", { filePath: file, fullName: "chat > says hello" }, "chat--says-hello"],
  ["jest", expecting("chat says hello"), "chat-says-hello"],
  ["signs", expecting("a/b"), "a-b-c14cddc0"],
  ["other signs", expecting("a:b"), "a-b-6783a31e"],
  ["no letters", expecting("../.."), "0cfd1c96"],
])("tapes are named after tests: %s", (_what, known, name) => {
  expect(tapeOf(known)).toMatch(join("/project/test/tapes/chat.test.ts", "/"));
  expect(tapeOf(known).split(/[\\/]/).at(-1)).toBe(name);
});

function expecting(currentTestName: string) {
  return Object.assign(() => {}, { getState: () => ({ testPath: file, currentTestName }) });
}

test("tapes have names of bounded length, and folders as told", (context) => {
  expect(tapeOf(expecting("x y".repeat(100))).length).toBeLessThan(140);
  expect(tapeOf(context, "../tapes")).toBe(
    join(
      import.meta.dirname,
      "../tapes/test-runner.test.ts",
      tapeOf(context).split(/[\\/]/).at(-1)!,
    ),
  );
  expect(() => tapeOf({})).toThrow(/takes what vitest and node:test hand to a test/);
});

test("useRelay wants hooks, serves one test at a time, and nobody outside of tests", async () => {
  const hooks: (() => Promise<void>)[] = [];
  const add = (hook: () => Promise<void>) => hooks.push(hook);
  const relay = useRelay({ ...alone, mock: true }, { beforeEach: add, afterEach: add });
  const [before, after] = hooks as [() => Promise<void>, () => Promise<void>];

  expect(() => useRelay({}, {} as declared.Hooks)).toThrow("has no global hooks");
  expect(() => relay.url).toThrow("while a test runs");
  await before();
  await expect(before()).rejects.toThrow("one test at a time");
  expect((await fetch(`${relay.baseURL}/models`)).status).toBe(200);
  await after();
  expect(() => relay.url).toThrow("while a test runs");
});
