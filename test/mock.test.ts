import { once } from "node:events";
import { request } from "node:http";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { rangeOf } from "../src/mock/range.ts";
import { speak } from "../src/mock/speech.ts";
import { startMock } from "./mock-server.ts";

type Asked = { method?: string; headers?: Record<string, string>; body?: string | Buffer };

async function ask(url: string, asked: Asked = {}) {
  const { body, ...rest } = asked;
  const init = { ...rest, ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }) };
  const answer = await fetch(url, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

function post(body: unknown, headers: Record<string, string> = {}): Asked {
  const type = { "content-type": "application/json" };
  return { method: "POST", headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

const hello = [{ role: "user", content: "Hello" }];
const form = [
  '--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n',
  '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n0123456789\r\n',
  "--x--\r\n",
].join("");
const upload: Asked = {
  method: "POST",
  headers: { "content-type": "multipart/form-data; boundary=x" },
  body: form,
};

const repeatable: [string, string, Asked][] = [
  ["models", "/v1/models", {}],
  ["a chat", "/v1/chat/completions", post({ model: "m", messages: hello })],
  ["a chat stream", "/v1/chat/completions", post({ model: "m", messages: hello, stream: true })],
  ["a response", "/v1/responses", post({ model: "m", input: "Hello" })],
  ["a response stream", "/v1/responses", post({ model: "m", input: "Hello", stream: true })],
  ["embeddings", "/v1/embeddings", post({ model: "m", input: "Hello" })],
  ["an upload", "/v1/files", upload],
  ["a refusal", "/v1/nothing", {}],
];

test.each(repeatable)("the same request for %s has the same answer", async (_, path, asked) => {
  await using one = await startMock();
  await using other = await startMock();

  const answers = [await ask(one.url + path, asked), await ask(other.url + path, asked)];

  const [first, second] = answers.map(({ status, text, headers }) => [status, text, [...headers]]);
  expect(first).toEqual(second);
});

test("an answer made today is the answer made in a year", async () => {
  await using mock = await startMock();

  const asked = post({ model: "m", messages: hello });
  const { text } = await ask(`${mock.url}/v1/chat/completions`, asked);

  expect(JSON.parse(text)).toMatchObject({
    id: "chatcmpl-2741b7ab28d4689f9074ef35337c8f6c",
    created: 1_750_000_000,
  });
});

test("another request has another id", async () => {
  await using mock = await startMock();
  const chat = (content: string) =>
    ask(
      `${mock.url}/v1/chat/completions`,
      post({ model: "m", messages: [{ role: "user", content }] }),
    );

  const [one, other] = [await chat("one"), await chat("other")];

  expect(JSON.parse(one.text).id).not.toBe(JSON.parse(other.text).id);
  expect(one.headers.get("x-request-id")).not.toBe(other.headers.get("x-request-id"));
});

test("answers carry the headers that clients look for", async () => {
  await using mock = await startMock();

  const { headers } = await ask(`${mock.url}/v1/models`);

  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("x-request-id")).toMatch(/^req_\w{32}$/);
  expect(headers.get("openai-version")).toBe("2020-10-01");
  expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
  expect(headers.get("x-ratelimit-remaining-requests")).toMatch(/^\d+$/);
});

const streams: [string, object, RegExp][] = [
  ["/v1/chat/completions", { messages: hello }, /^(data: \{.*\}\n\n)+data: \[DONE\]\n\n$/],
  ["/v1/completions", { prompt: "Hello" }, /^(data: \{.*\}\n\n)+data: \[DONE\]\n\n$/],
  ["/v1/responses", { input: "Hello" }, /^(event: (\S+)\ndata: \{"type":"\2".*\}\n\n)+$/],
];

test.each(streams)("%s streams server-sent events in its form", async (path, request, form) => {
  await using mock = await startMock();

  const asked = post({ model: "m", ...request, stream: true });
  const { headers, text } = await ask(mock.url + path, asked);

  expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(headers.has("content-length")).toBe(false);
  expect(text).toMatch(form);
});

const refusals: [string, string, Asked, number, object][] = [
  [
    "an unknown path",
    "/v1/x?y=1",
    { method: "POST" },
    404,
    { code: "unknown_url", message: expect.stringContaining("Unknown request URL: POST /v1/x.") },
  ],
  ["a wrong method", "/v1/models", { method: "PUT" }, 405, { code: "method_not_supported" }],
  ["an unknown model", "/v1/models/x%2Fy", {}, 404, { code: "model_not_found", param: "model" }],
  ["an unknown file", "/v1/files/x", {}, 404, { param: "id", code: null }],
  ["bad JSON", "/v1/responses", { method: "POST", body: "{" }, 400, { param: null, code: null }],
  [
    "a body that is no object",
    "/v1/responses",
    post(["x"]),
    400,
    { code: "missing_required_parameter" },
  ],
  [
    "a missing model",
    "/v1/chat/completions",
    post({ messages: hello }),
    400,
    { param: "model", code: "missing_required_parameter" },
  ],
  [
    "a wrong value",
    "/v1/chat/completions",
    post({ model: "m", messages: hello, n: 0 }),
    400,
    { param: "n", code: "invalid_value" },
  ],
  ["an empty input", "/v1/embeddings", post({ model: "m", input: "" }), 400, { param: "input" }],
  ["a form that is none", "/v1/files", post({}), 400, { code: null }],
  [
    "a form without a file",
    "/v1/files",
    { ...upload, body: form.replace('name="file"', 'name="files"') },
    400,
    { param: "file", code: "missing_required_parameter" },
  ],
  [
    "an unknown encoding",
    "/v1/responses",
    post({ model: "m" }, { "content-encoding": "constructor" }),
    415,
    {},
  ],
  [
    "a broken encoding",
    "/v1/responses",
    post({ model: "m" }, { "content-encoding": "zstd" }),
    400,
    {},
  ],
];

test.each(refusals)("%s is refused as OpenAI would", async (_, path, asked, status, error) => {
  await using mock = await startMock();

  const answer = await ask(mock.url + path, asked);

  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text).error).toMatchObject({ type: "invalid_request_error", ...error });
  expect(Object.keys(JSON.parse(answer.text).error)).toEqual(["message", "type", "param", "code"]);
});

test("a wrong method is told the right ones", async () => {
  await using mock = await startMock();

  const { headers } = await ask(`${mock.url}/v1/files/x`, { method: "PATCH" });

  expect(headers.get("allow")).toBe("GET, DELETE");
});

test("a body beyond the limit is refused", async () => {
  await using mock = await startMock();
  const asked = request(`${mock.url}/v1/files`, { method: "POST" });
  const answered = once(asked, "response");

  await pipeline(Readable.from(Array(65).fill(Buffer.alloc(1024 ** 2))), asked);
  const [answer] = await answered;

  expect(answer.statusCode).toBe(413);
  expect(await json(answer)).toMatchObject({ error: { type: "invalid_request_error" } });
});

test("/v1 may be left out", async () => {
  await using mock = await startMock();

  const short = await ask(`${mock.url}/models`);

  expect(short.status).toBe(200);
  expect(short.text).toBe((await ask(`${mock.url}/v1/models`)).text);
});

test("a compressed body is understood", async () => {
  await using mock = await startMock();
  const asked = post({ model: "m", input: "Compressed" }, { "content-encoding": "zstd" });
  const body = zstdCompressSync(asked.body as string);

  const { text } = await ask(`${mock.url}/v1/responses`, { ...asked, body });

  expect(text).toContain("Compressed");
});

test.each(["/v1/models", "/v1/models/gpt-5", "/v1/models/none", "/v1/files"])(
  "HEAD %s is GET without the body",
  async (path) => {
    await using mock = await startMock();

    const get = await ask(mock.url + path);
    const head = await ask(mock.url + path, { method: "HEAD" });

    expect(head.text).toBe("");
    expect(head.status).toBe(get.status);
    expect(head.headers.get("content-length")).toBe(String(get.text.length));
  },
);

test.each([
  ["GET", "bytes=2-4", 206, "234", "bytes 2-4/10", "3"],
  ["GET", "bytes=-3", 206, "789", "bytes 7-9/10", "3"],
  ["GET", "bytes=10-", 416, /"error"/, "bytes */10", null],
  ["GET", "bytes=1-2,4-5", 200, "0123456789", null, "10"],
  ["HEAD", "bytes=2-4", 200, "", null, "10"],
])(
  "%s of a file with Range %s is %i",
  async (method, range, status, text, contentRange, length) => {
    await using mock = await startMock();
    const { id } = JSON.parse((await ask(`${mock.url}/v1/files`, upload)).text);

    const answer = await ask(`${mock.url}/v1/files/${id}/content`, { method, headers: { range } });

    expect(answer.status).toBe(status);
    expect(answer.text).toEqual(text instanceof RegExp ? expect.stringMatching(text) : text);
    expect(answer.headers.get("content-range")).toBe(contentRange);
    if (length) expect(answer.headers.get("content-length")).toBe(length);
  },
);

test.each([
  [undefined, 10, undefined],
  ["bytes=0-", 10, { start: 0, end: 10 }],
  ["Bytes=0-0", 10, { start: 0, end: 1 }],
  ["bytes=5-99", 10, { start: 5, end: 10 }],
  ["bytes=-99", 10, { start: 0, end: 10 }],
  ["bytes=-0", 10, null],
  ["bytes=0-", 0, null],
  ["bytes=4-2", 10, undefined],
  ["bytes=-", 10, undefined],
  ["lines=0-1", 10, undefined],
])("the range of %s in %i bytes", (header, size, range) => {
  expect(rangeOf(header, size)).toEqual(range);
});

test.each([
  ["", /^Hello from the openai-relay mock! No model was asked\.$/],
  ["  one\n two ", /You said: "one two"$/],
  ["🎈".repeat(161), /You said: "(🎈){160}…"$/u],
])("the mock says back a little of %j", (words, said) => {
  expect(speak(words)).toMatch(said);
});
