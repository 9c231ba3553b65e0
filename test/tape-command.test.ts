import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI, { type APIError } from "openai";
import { describe, expect, test } from "vitest";
import { complete } from "../src/completion/complete.ts";
import { createProgram } from "../src/program.ts";
import { createScrub } from "../src/scrub.ts";
import { checkTape } from "../src/tape/commands/check.ts";
import { messageOf } from "../src/tape/commands/message.ts";
import type { Entry, Line } from "../src/tape/entry.ts";
import { writeEntry } from "../src/tape/file.ts";
import { digestOf, noBody } from "../src/tape/name.ts";
import { faultOf, tapeSchema } from "../src/tape/schema.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startUpstream } from "./support/upstream.ts";

const tape = (...args: string[]) => runCommand(["tape", ...args]);

/** A recording of a call with this body and this answer. */
function entry(json: unknown, answer: string, more: Partial<Entry["asked"]> = {}): Entry {
  const method = "POST";
  const path = "/v1/responses";
  const ask = { method, path, query: undefined, upgrade: false, range: undefined };
  const bytes = JSON.stringify(json).length;
  return {
    asked: {
      tape: 1,
      method,
      path,
      digest: digestOf(ask, `${noBody}${JSON.stringify(json)}`),
      recorded: "2026-01-02T03:04:05.678Z",
      headers: [["content-type", "application/json"]],
      body: { bytes, json },
      ...more,
    },
    interim: [],
    head: { at: 12, status: 200, reason: "OK", headers: [["content-type", "application/json"]] },
    parts: [{ at: 15.5, text: answer }],
    end: { at: 20, end: "complete" },
  };
}

const events = [
  'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"m","delta":"Good "}\n\n',
  'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"m","delta":"day"}\n\n',
];

test("what a relay recorded is listed and shown, for people and for programs", async () => {
  using folder = createTapeFolder();
  await using upstream = await startUpstream((req, res) => {
    req.resume();
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write(events[0]);
    setImmediate(() => setImmediate(() => res.end(events[1])));
  });
  await folder.record(upstream.url, async ({ url }) => {
    const body = JSON.stringify({ model: "gpt-5", input: "Hi", stream: true });
    await fetch(`${url}/responses`, { method: "POST", body }).then((answer) => answer.text());
  });
  const [name] = folder.names();
  const file = folder.at(name!);

  const [table, list, shown, body, said] = await Promise.all([
    tape("ls", folder.path),
    tape("ls", folder.path, "--json"),
    tape("show", file),
    tape("show", file, "--body"),
    tape("show", file, "--message"),
  ]);

  expect(table.stdout).toMatch(/^RECORDED +METHOD +PATH +MODEL +STATUS +END +SLICES +BYTES +TIME/);
  expect(table.stdout).toMatch(
    /\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +POST +\/v1\/responses +gpt-5 +200 +complete +\d+ +\d+ +\d+ ms +post-responses-[0-9a-f]{16}\.jsonl\n$/,
  );
  expect(JSON.parse(list.stdout)).toMatchObject([
    { file: name, model: "gpt-5", status: 200, end: "complete", bytes: events.join("").length },
  ]);
  expect(shown.stdout).toMatch(/^POST \/v1\/responses\n/);
  expect(shown.stdout).toContain('  "input": "Hi",\n');
  expect(shown.stdout).toMatch(/\n200 OK\n/);
  expect(shown.stdout).toMatch(/\n +\d+\.\d ms {2}complete\n$/);
  expect(shown.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(body.stdout).toBe(events.join(""));
  expect(said.stdout).toBe("Good day\n");
});

describe("what the model said", () => {
  const call = { id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } };

  test.each<[string, string | undefined]>([
    [
      JSON.stringify({ choices: [{ message: { content: "Hi" } }, { message: { content: "Ho" } }] }),
      "Hi\nHo",
    ],
    [
      JSON.stringify({ choices: [{ message: { content: null, tool_calls: [call] } }] }),
      'f {"a":1}',
    ],
    [JSON.stringify({ choices: [{ text: "Hi" }] }), "Hi"],
    [
      JSON.stringify({
        output: [
          { type: "reasoning" },
          { type: "message", content: [{ text: "Hi" }, { text: "!" }] },
          { type: "function_call", name: "f", arguments: "{}" },
        ],
      }),
      "Hi!\nf {}",
    ],
    [JSON.stringify({ text: "said" }), "said"],
    ["[]", undefined],
    ["no JSON", undefined],
  ])("%s", async (answer, said) => {
    expect(await messageOf(entry({}, answer))).toBe(said);
  });

  test("in a conversation over WebSocket", async () => {
    const heard = (from: "client" | "server", value: object) => {
      return { at: 1, from, text: JSON.stringify(value) };
    };
    const delta = { type: "response.output_audio_transcript.delta", item_id: "i", delta: "Hi" };
    const socket = entry({}, "", { upgrade: true });
    socket.parts = [heard("client", { ...delta, delta: "no" }), heard("server", delta)];

    expect(await messageOf(socket)).toBe("Hi");
  });

  test("in a stream with calls of tools", async () => {
    const chunk = (delta: object) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\r\n\r\n`;
    const named = { index: 0, function: { name: "f", arguments: "" } };
    const text = [
      chunk({ role: "assistant", content: "" }),
      chunk({ tool_calls: [named] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
      "data: [DONE]\r\n\r\n",
    ].join("");
    const stream = entry({}, text);
    stream.head.headers = [["Content-Type", "text/event-stream"]];

    expect(await messageOf(stream)).toBe("f {}");
  });
});

test("diff says what differs in request and answer, and nothing that the rules let differ", async () => {
  using folder = createFolder();
  const write = (json: object, answer: object) =>
    writeEntry(folder.path, entry(json, JSON.stringify(answer)));
  const a = await write(
    { model: "a", at: "2026-01-01" },
    { id: "resp_0123456789abcdef0", text: "x" },
  );
  const b = await write(
    { at: "2026-01-02", model: "a" },
    { text: "x", id: "resp_fedcba98765432100" },
  );
  const c = await write({ model: "b" }, { id: "resp_0123456789abcdef0", text: "y" });
  const [same, exact, other, json, missing] = await Promise.all([
    tape("diff", folder.at(a), folder.at(b)),
    tape("diff", folder.at(a), folder.at(b), "--no-match-dates"),
    tape("diff", folder.at(a), folder.at(c)),
    tape("diff", folder.at(a), folder.at(c), "--json"),
    tape("diff", folder.at(a), folder.at("none.jsonl")),
  ]);

  expect(same).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(exact).toMatchObject({
    code: 1,
    stdout: 'request\n  at: "2026-01-01" → "2026-01-02"\n',
  });
  expect(other).toMatchObject({
    code: 1,
    stdout: 'request\n  at: "<date>" → nothing\n  model: "a" → "b"\nanswer\n  text: "x" → "y"\n',
  });
  expect(JSON.parse(json.stdout).answer).toEqual([{ where: "text", a: "x", b: "y" }]);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no file") });
});

test("check finds each fault, says what to do, and never what a secret is", async () => {
  using folder = createFolder();
  const fine = await writeEntry(folder.path, entry({ fine: true }, "{}"));
  const text = readFileSync(folder.at(fine), "utf8");
  const clean = await tape("check", folder.path);
  const key = `sk-proj-${"a1B2".repeat(8)}`;
  const secret = await writeEntry(folder.path, entry({ secret: true }, key));
  const split = entry({ split: true }, "");
  split.parts = [
    { at: 1, text: key.slice(0, 9) },
    { at: 2, text: key.slice(9) },
  ];
  await writeEntry(folder.path, split);
  await writeEntry(folder.path, entry({ fine: true }, "{}"));
  const cookie = entry({ cookie: true }, "{}", { headers: [["authorization", "x"]] });
  cookie.head.headers.push(["Set-Cookie", "a=b"]);
  await writeEntry(folder.path, cookie);
  folder.write("renamed.jsonl", text);
  folder.write(fine.replace("responses", "chat"), text);
  folder.write("post-x-0000000000000000.jsonl", text.replace(/\n.*\n$/, "\n"));
  folder.write("post-y-0000000000000000.jsonl", text.replace('"status":200', '"status":"200"'));
  folder.write("post-z-0000000000000000.1-x-0.part", text);
  folder.write("README.md", "Tapes of the tests");

  const found = await tape("check", folder.path);
  const json = await tape("check", folder.path, "--json");

  expect(clean).toMatchObject({ code: 0, stdout: "", stderr: "1 recording, 0 problems\n" });
  expect(found.code).toBe(1);
  expect(found.stderr).toBe("9 recordings, 9 problems\n");
  expect(found.stdout).toContain(`✗ ${secret} holds what looks like a credential`);
  expect(found.stdout).toMatch(/✗ renamed\.jsonl is never replayed/);
  expect(found.stdout).toMatch(
    /✗ post-chat-\S+ has another name than its request\n {2}Next: Rename/,
  );
  expect(found.stdout).toMatch(/✗ post-x-\S+ is broken: |✗ post-x-\S+ is broken has no end/);
  expect(found.stdout).toMatch(/✗ post-y-\S+ is broken, line 2: "status": /);
  expect(found.stdout).toMatch(/✗ post-z-\S+\.part was never finished\n {2}Next: Remove it/);
  expect(found.stdout).toMatch(
    /! post-responses-\S+-2\.jsonl says what the recording before it says/,
  );
  expect(found.stdout.match(/holds what/g)).toHaveLength(2);
  expect(found.stdout.match(/may: (?:authorization|Set-Cookie)\n/g)).toHaveLength(2);
  expect(`${found.stdout}${json.stdout}`).not.toContain("a1B2");
  expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, ok: false, recordings: 9 });
});

test("what is to be crossed out, and keys that lie in base64, are found", async () => {
  using folder = createFolder();
  const hidden = entry({}, "");
  hidden.parts = [{ at: 1, base64: Buffer.from("\xff Jane Doe", "latin1").toString("base64") }];
  await writeEntry(folder.path, hidden);

  expect((await checkTape(folder.path, createScrub([]))).faults).toEqual([]);
  expect((await checkTape(folder.path, createScrub(["Jane Doe"]))).faults).toHaveLength(1);
});

test("an imported recording that another one always comes before is found", async () => {
  using folder = createFolder();
  const file = folder.write("fixtures.json", {
    fixtures: [
      { match: { model: "a" }, response: { content: "A" } },
      { match: { model: "b", userMessage: "x" }, response: { content: "B" } },
      { match: { userMessage: "x", model: "a" }, response: { content: "C" } },
    ],
  });
  await tape("import", file, "--to", folder.at("tapes"));

  const { faults } = await checkTape(folder.at("tapes"), createScrub([]));

  expect(faults.map(({ level, what }) => [level, what.split(":")[0]])).toEqual(
    Array.from({ length: 4 }, () => ["problem", "never answers"]),
  );
});

test("the schema says of every line whether it is one", async () => {
  const { asked, head, parts, end } = entry({}, "{}");
  const message: Line = { at: 1, from: "client", text: "x" };

  for (const line of [asked, head, ...parts, end, message]) expect(faultOf(line)).toBeUndefined();
  expect(faultOf({ ...asked, digest: "x" })).toContain('"digest"');
  expect(faultOf({ ...asked, authorization: "x" } as Line)).toContain('"authorization"');
  expect(faultOf({ ...end, end: "over" } as unknown as Line)).toContain('"end"');
  expect(await tapeSchema()).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    anyOf: [
      { required: ["tape", "method", "path", "digest", "recorded", "headers"] },
      {},
      {},
      {},
      {},
      {},
    ],
  });
});

test("prune removes nothing unasked, and only what it is told to", async () => {
  using folder = createFolder();
  const old = await writeEntry(
    folder.path,
    entry({ n: 1 }, "1", { recorded: "2020-01-01T00:00:00.000Z" }),
  );
  const [now] = [new Date().toISOString()];
  const twice = entry({ n: 2 }, "2", { recorded: now });
  const names = [await writeEntry(folder.path, twice), await writeEntry(folder.path, twice)];
  const changed = entry({ n: 3 }, "a", { recorded: now });
  const kept = [await writeEntry(folder.path, changed), await writeEntry(folder.path, changed)];
  kept.push(await writeEntry(folder.path, { ...changed, parts: [{ at: 1, text: "b" }] }));
  const dead = "post-x-0000000000000000.999999999-x-0.part";
  const living = `post-x-0000000000000000.${process.pid}-x-0.part`;
  for (const part of [dead, living]) folder.write(part, "");
  const all = readdirSync(folder.path).sort();

  const dry = await tape("prune", folder.path, "--dry-run", "--json");
  const unasked = await tape("prune", folder.path);

  expect(JSON.parse(dry.stdout)).toEqual([
    { file: dead, why: "never finished" },
    { file: names[1], why: "a duplicate" },
  ]);
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  expect(readdirSync(folder.path).sort()).toEqual(all);

  const plain = await tape("prune", folder.path, "--yes");
  const aged = await tape("prune", folder.path, "--older-than", "30d", "--yes");
  const unused = await runCommand(["tape", "prune", folder.path, "--unused", "-", "--yes"], {
    input: `relay: unused: ${names[0]}\nrelay: tape: 1 replayed\n`,
  });

  expect(plain).toMatchObject({ code: 0, stderr: "Removed 2 files.\n" });
  expect(aged.stdout).toBe(`${old}  old\n`);
  expect(unused.stdout).toBe(`${names[0]}  unused\n`);
  expect(readdirSync(folder.path).sort()).toEqual([...kept, living].sort());
});

test("a HAR file is replayed to the SDK, and none of its credentials comes along", async () => {
  using folder = createFolder();
  const canary = "canary-0123456789abcdef";
  const sent = JSON.stringify({ model: "gpt-5", messages: [{ role: "user", content: "Hi" }] });
  const answer = {
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: "Ho" } }],
  };
  const headers = [
    { name: ":authority", value: "api.openai.com" },
    { name: "authorization", value: `Bearer ${canary}` },
    { name: "cookie", value: `session=${canary}` },
    { name: "openai-organization", value: canary },
    { name: "content-type", value: "application/json" },
  ];
  const call = (url: string, more: object = {}) => ({
    startedDateTime: "2026-01-02T03:04:05.678+01:00",
    time: 500,
    timings: { send: 1, wait: 99, receive: 400 },
    request: {
      method: "POST",
      url,
      httpVersion: "h2",
      headers,
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: sent.length,
      postData: { mimeType: "application/json", text: sent },
    },
    response: {
      status: 200,
      statusText: "",
      headers: [
        { name: "content-type", value: "application/json" },
        { name: "content-encoding", value: "br" },
        { name: "content-length", value: "7" },
        { name: "set-cookie", value: `__cf_bm=${canary}` },
        { name: "x-request-id", value: "req_1" },
      ],
      content: {
        size: 10,
        mimeType: "application/json",
        text: Buffer.from(JSON.stringify(answer)).toString("base64"),
        encoding: "base64",
      },
    },
    ...more,
  });
  const socket = {
    request: { method: "GET", url: "wss://api.openai.com/v1/realtime?model=gpt-realtime", headers },
    response: { status: 101, statusText: "Switching Protocols", headers: [], content: {} },
    _webSocketMessages: [
      {
        type: "send",
        time: Date.parse("2026-01-02T02:04:06Z") / 1000,
        opcode: 1,
        data: `{"token":"${canary}"}`,
      },
      { type: "receive", time: Date.parse("2026-01-02T02:04:07Z") / 1000, opcode: 1, data: "{}" },
    ],
  };
  const file = folder.write("session.har", {
    log: {
      version: "1.2",
      creator: { name: "x", version: "1" },
      entries: [
        call("https://api.openai.com/v1/chat/completions"),
        call("https://tracker.example/v1/t"),
        call("https://api.openai.com/dashboard"),
        call("https://api.openai.com/v1/x", { response: { status: 0, headers: [], content: {} } }),
        call("https://api.openai.com/v1/realtime", socket),
      ],
    },
  });

  const { code, stdout, stderr } = await tape("import", file, "--to", folder.at("tapes"));
  const checked = await tape("check", folder.at("tapes"), "--json");
  await using relay = await startRelay({ replay: folder.at("tapes") });
  const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "x", maxRetries: 0 });
  const said = await openai.chat.completions.create(JSON.parse(sent));

  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(2);
  expect(stderr.trim().split("\n")).toEqual([
    "POST https://tracker.example/v1/t: it went to another host (see --host)",
    "POST https://api.openai.com/dashboard: its path is not below /v1",
    "POST https://api.openai.com/v1/x: it was never answered",
  ]);
  expect(said).toMatchObject(answer);
  expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, recordings: 2 });
  const names = readdirSync(folder.at("tapes"));
  const texts = names.map((name) => readFileSync(join(folder.at("tapes"), name), "utf8"));
  expect(texts.join("")).not.toContain(canary);
  expect(texts.join("")).toContain('"from":"server"');
  expect(texts.join("")).not.toMatch(/set-cookie|content-encoding|:authority/);
});

test("fixtures of aimock answer what they match, streamed and not, on both APIs", async () => {
  using folder = createFolder();
  const file = folder.write("fixtures.json", {
    fixtures: [
      {
        match: { userMessage: "weather", hasToolResult: false },
        response: {
          content: "Let me see.",
          toolCalls: [{ name: "look", arguments: { city: "NYC" }, id: "call_1" }],
        },
      },
      { match: { toolCallId: "call_1" }, response: { content: { sunny: true } }, latency: 1 },
      { match: { userMessage: "twice", sequenceIndex: 1 }, response: { content: "second" } },
      { match: { userMessage: "twice", sequenceIndex: 0 }, response: { content: "first" } },
      {
        match: { userMessage: "limit" },
        response: {
          error: { message: "Slow down", type: "rate_limit_error", code: "rate_limit_exceeded" },
          status: 429,
          retryAfter: 7,
        },
      },
      {
        match: { userMessage: "cut" },
        response: { content: "x".repeat(100) },
        chunkSize: 10,
        truncateAfterChunks: 3,
      },
      { match: { inputText: "embed" }, response: { embedding: [0.5, 0.25] } },
      { match: { userMessage: "limit" }, response: { content: "hidden" } },
      { match: { userMessage: "x", context: "app" }, response: { content: "no" } },
      { match: { userMessage: "x" }, response: { video: {} } },
      { match: {}, response: { content: "Hello", reasoning: "…" }, chaos: { dropRate: 1 } },
    ],
  });

  const { code, stderr } = await tape("import", file, "--to", folder.at("tapes"));
  const checked = await tape("check", folder.at("tapes"));
  await using relay = await startRelay({ replay: folder.at("tapes") });
  const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "x", maxRetries: 0 });
  const model = "gpt-5";
  const chat = async (content: string) => {
    const messages = [{ role: "user" as const, content }];
    const { choices } = await openai.chat.completions.create({ model, messages });
    return choices[0]!.message;
  };

  expect({ code, checked: checked.code }).toEqual({ code: 0, checked: 0 });
  expect(stderr.trim().split("\n")).toEqual([
    "fixture 7: one before it matches the same",
    "fixture 8: match.context cannot be carried over",
    "fixture 9: its response is none of OpenAI's",
    "fixture 10: chaos is left out: --fault breaks calls at random",
    "fixture 10: reasoning is left out",
  ]);
  const asked = await chat("What is the weather?");
  expect(asked).toMatchObject({
    content: "Let me see.",
    tool_calls: [{ id: "call_1", function: { name: "look", arguments: '{"city":"NYC"}' } }],
  });
  const answered = openai.chat.completions.stream({
    model,
    messages: [
      { role: "user", content: "weather" },
      asked,
      { role: "tool", tool_call_id: "call_1", content: "{}" },
    ],
  });
  expect((await answered.finalChatCompletion()).choices[0]!.message.content).toBe('{"sunny":true}');
  const response = await openai.responses.stream({ model, input: "weather" }).finalResponse();
  expect(response.output_text).toBe("Let me see.");
  expect(response.output[1]).toMatchObject({ type: "function_call", call_id: "call_1" });
  expect((await openai.responses.create({ model, input: "anything" })).output_text).toBe("Hello");
  expect([await chat("twice"), await chat("twice")].map(({ content }) => content)).toEqual([
    "first",
    "second",
  ]);
  const limited = await chat("limit").catch((error: unknown) => error as APIError);
  expect(limited).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  expect((limited as APIError).headers?.get("retry-after")).toBe("7");
  const cut = openai.chat.completions.stream({
    model,
    messages: [{ role: "user", content: "cut" }],
  });
  await expect(cut.finalChatCompletion()).rejects.toThrow();
  const { data } = await openai.embeddings.create({
    model: "e",
    input: ["please embed"],
    encoding_format: "float",
  });
  expect(data[0]!.embedding).toEqual([0.5, 0.25]);
});

test.each([
  [["ls", "none"], 2, /There is no folder none/],
  [["import", "none.har", "--to", "x"], 2, /There is no file none\.har/],
  [["import", __filename, "--to", "x"], 2, /neither a HAR file nor one of aimock's fixtures/],
  [["check"], 2, /Which folder/],
  [["prune", "/", "--older-than", "soon"], 2, /--older-than/],
])("relay tape %j exits with %i", async (args, code, message) => {
  const ended = await tape(...args);

  expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
  expect(existsSync("x")).toBe(false);
});

test("shells complete the commands, and files for their arguments", async () => {
  const program = await createProgram(["tape"]);

  expect(complete(program, ["tape", ""])).toMatch(
    /^ls\t.*\nshow\t.*\ndiff\t.*\ncheck\t.*\nprune\t.*\nimport\t/,
  );
  for (const words of [
    ["ls", ""],
    ["diff", "a", ""],
    ["import", "a", "--to", ""],
    ["prune", "a", "--unused", ""],
  ])
    expect(complete(program, ["tape", ...words])).toBe(":0\n");
});
