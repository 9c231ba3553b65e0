import { toFile } from "openai";
import { expect, test } from "vitest";
import { instanceOf } from "../src/mock/instance.ts";
import { createShelves } from "../src/mock/shelves.ts";
import { createStore } from "../src/mock/store.ts";
import { requests } from "./mock-requests.ts";
import { all, startClient, startMock } from "./mock-server.ts";

async function post(url: string, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: text });
  return { status: answer.status, said: await answer.text() };
}

const uploaded = async (name: string) => ({
  file: await toFile(Buffer.from(`Hello, ${name}.`), name),
  purpose: "assistants" as const,
});

test("no value of any field makes the mock fail", async () => {
  await using mock = await startMock();
  const failed: string[] = [];

  for (const [operation, toBodies] of Object.entries(requests)) {
    const [method, path = ""] = operation.split(" ");
    const [body] = [toBodies(() => "none")].flat();
    if (method !== "POST" || !body) continue;
    const url = `${mock.url}/v1${path.replace(/\{\w+\}/g, "none")}`;
    for (const name of Object.keys(body))
      for (const garbage of [[null], "\ud800", { toString: 1, type: { toString: 1 } }]) {
        const { status } = await post(url, { ...body, [name]: garbage });
        if (status >= 500) failed.push(`${path} ${name} ${JSON.stringify(garbage)}`);
      }
  }

  expect(failed).toEqual([]);
});

const messages = [{ role: "user", content: "Hello" }];

test.each([
  ["/chat/completions", "temperature", { messages, temperature: "hot" }],
  ["/chat/completions", "top_p", { messages, top_p: 1.5 }],
  ["/chat/completions", "messages.0.role", { messages: [{ role: "wizard", content: "x" }] }],
  ["/chat/completions", "tools.0.function", { messages, tools: [{ type: "function" }] }],
  ["/chat/completions", "tools.0.type", { messages, tools: [{ type: "hammer" }] }],
  [
    "/chat/completions",
    "response_format.json_schema",
    { messages, response_format: { type: "json_schema" } },
  ],
  ["/responses", "temperature", { input: "x", temperature: 9 }],
  ["/completions", "frequency_penalty", { prompt: "x", frequency_penalty: -3 }],
  ["/embeddings", "input", { input: "" }],
  ["/images/generations", "partial_images", { prompt: "x", stream: true, partial_images: 1e9 }],
  ["/images/generations", "output_format", { prompt: "x", output_format: "bmp" }],
])("%s refuses a wrong %s", async (path, param, body) => {
  await using mock = await startMock();

  const { status, said } = await post(`${mock.url}/v1${path}`, { model: "gpt-image-1", ...body });

  expect(status).toBe(400);
  expect(JSON.parse(said)).toMatchObject({ error: { type: "invalid_request_error", param } });
});

test("what is wrong further down is refused as the client's mistake", async () => {
  await using client = await startClient();
  const { openai, baseURL } = client;
  const { id: file } = await openai.files.create(await uploaded("a.txt"));
  const { id: store } = await openai.vectorStores.create({ file_ids: [file] });
  const { id: thread } = await openai.beta.threads.create();
  const deep = `{"model":"m","input":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const wrong: [string, unknown][] = [
    [`/threads/${thread}/messages`, { role: "user", content: [null] }],
    ["/threads", { messages: [{ role: "user", content: [null] }] }],
    [`/vector_stores/${store}/search`, { query: "x", filters: { type: "__proto__", key: "k" } }],
    [`/vector_stores/${store}/search`, { query: "x", filters: { type: "constructor" } }],
    ["/vector_stores", { file_ids: "file-1" }],
    ["/decisions", { model: "m", input: "x", questions: [{ type: "choice", choices: [null] }] }],
    ["/responses", deep],
  ];

  for (const [path, body] of wrong) {
    const { status, said } = await post(baseURL + path, body);
    expect.soft([status, said], path).toEqual([400, expect.stringContaining("invalid_request")]);
  }
  for (const query of ["start_time=x", "start_time=1&bucket_width=constructor"]) {
    const answer = await fetch(`${baseURL}/organization/costs?${query}`);
    expect.soft(answer.status, query).toBe(400);
  }
});

test("a thousand equal requests make a thousand things, and each finds its id soon", () => {
  const store = createStore();
  let looks = 0;
  const counted: typeof store = {
    ...store,
    get(path) {
      looks += 1;
      return store.get(path);
    },
  };
  const path = "/things/{thing_id}";
  const shelves = createShelves([{ path, does: "", id: "thing_", gives: {} }], counted);

  const ids = Array.from({ length: 1000 }, () => shelves.add<{ id: string }>(path, {}, "same").id);

  expect(new Set(ids).size).toBe(1000);
  expect(looks).toBeLessThan(30_000);
});

test("a schema whose lists multiply comes to an end", () => {
  let schema: object = { type: "string" };
  for (let depth = 0; depth < 6; depth++) schema = { type: "array", minItems: 64, items: schema };

  expect(JSON.stringify(instanceOf(schema)).length).toBeLessThan(1_000_000);
});

test("a search passes over what has been deleted", async () => {
  await using client = await startClient();
  const { files, vectorStores } = client.openai;
  const kept = await files.create(await uploaded("kept.txt"));
  const deleted = await files.create(await uploaded("deleted.txt"));
  const { id } = await vectorStores.create({ file_ids: [kept.id, deleted.id] });
  await files.delete(deleted.id);

  const found = await all(await vectorStores.search(id, { query: "hello" }));

  expect(found.map(({ filename }) => filename)).toEqual(["kept.txt"]);
});

test("an item is kept in its conversation whatever its id", async () => {
  await using client = await startClient();
  const { conversations, responses } = client.openai;
  const { id: conversation } = await conversations.create();
  const item = { id: "a/b", type: "reasoning" as const, summary: [] };

  await responses.create({ model: "m", conversation, input: [item] });

  const items = await all(await conversations.items.list(conversation));
  expect(items.map(({ id }) => id)).toContain("a/b");
});
