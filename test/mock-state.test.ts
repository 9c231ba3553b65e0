import { BadRequestError, NotFoundError, toFile } from "openai";
import type { AssistantListParams } from "openai/resources/beta/assistants";
import type { PermissionListParams } from "openai/resources/fine-tuning/checkpoints/permissions";
import { expect, test } from "vitest";
import { createStore } from "../src/mock/store.ts";
import { all, startClient } from "./mock-server.ts";

const textFile = (text: string, name = "notes.txt") => toFile(Buffer.from(text), name);

test("a stored response is found, told again from the middle, followed and deleted", async () => {
  await using client = await startClient();
  const { responses } = client.openai;

  const first = await responses.create({ model: "m", input: "One" });
  const second = await responses.create({
    model: "m",
    input: "Two",
    previous_response_id: first.id,
  });
  const rest = await all(await responses.retrieve(second.id, { stream: true, starting_after: 3 }));
  const items = await all(await responses.inputItems.list(second.id, { order: "asc" }));
  await responses.delete(first.id);
  const unstored = await responses.create({ model: "m", input: "Three", store: false });

  expect(await responses.retrieve(second.id)).toMatchObject({ id: second.id });
  expect(rest[0]).toMatchObject({ sequence_number: 4 });
  expect(rest.at(-1)).toMatchObject({ type: "response.completed", response: { id: second.id } });
  expect(items.map((item) => (item as { role: string }).role)).toEqual([
    "user",
    "assistant",
    "user",
  ]);
  expect(second.usage!.input_tokens).toBeGreaterThan(first.usage!.input_tokens);
  await expect(responses.retrieve(first.id)).rejects.toThrow(NotFoundError);
  await expect(responses.retrieve(unstored.id)).rejects.toThrow(NotFoundError);
  const following = { model: "m", input: "x", previous_response_id: "resp_none" };
  await expect(responses.create(following)).rejects.toMatchObject({
    status: 400,
    code: "previous_response_not_found",
  });
});

test("a response in the background is queued, then completed or cancelled", async () => {
  await using client = await startClient();
  const { responses } = client.openai;

  const one = await responses.create({ model: "m", input: "One", background: true });
  const other = await responses.create({ model: "m", input: "Other", background: true });
  const done = await responses.retrieve(one.id);
  const cancelled = await responses.cancel(other.id);

  expect([one.status, done.status, cancelled.status]).toEqual(["queued", "completed", "cancelled"]);
  expect(one.output).toEqual([]);
  expect(done.output_text).toMatch(/One/);
  await expect(responses.cancel(one.id)).rejects.toThrow(BadRequestError);
});

test("a conversation keeps what is said in it", async () => {
  await using client = await startClient();
  const { conversations, responses } = client.openai;

  const { id } = await conversations.create({ items: [{ role: "user", content: "First" }] });
  await responses.create({ model: "m", input: "Second", conversation: id });
  const items = await all(await conversations.items.list(id, { order: "asc" }));
  await conversations.items.delete(items[0]!.id!, { conversation_id: id });

  expect(items.map((item) => (item as { role: string }).role)).toEqual([
    "user",
    "user",
    "assistant",
  ]);
  expect(await all(await conversations.items.list(id))).toHaveLength(2);
  await conversations.delete(id);
  await expect(conversations.items.list(id)).rejects.toThrow(NotFoundError);
});

test("a stored chat is listed, changed and deleted; others are not kept", async () => {
  await using client = await startClient();
  const { completions } = client.openai.chat;
  const messages = [{ role: "user" as const, content: "Hello" }];

  const kept = await completions.create({ model: "m", messages, store: true });
  await completions.create({ model: "other", messages });
  const changed = await completions.update(kept.id, { metadata: { a: "b" } });
  const found = await all(await completions.list({ metadata: { a: "b" } }));
  const said = await all(await completions.messages.list(kept.id));
  await completions.delete(kept.id);

  expect(changed.metadata).toEqual({ a: "b" });
  expect(found.map(({ id }) => id)).toEqual([kept.id]);
  expect(said).toMatchObject([{ role: "user", content: "Hello" }]);
  expect(await all(await completions.list())).toEqual([]);
});

test("an assistant runs, polled and streamed, and waits for its tools", async () => {
  await using client = await startClient();
  const { assistants, threads } = client.openai.beta;
  const tool = { type: "function" as const, function: { name: "look", parameters: {} } };
  const { id: assistant_id } = await assistants.create({ model: "gpt-5", tools: [tool] });
  const { id: thread_id } = await threads.create({ messages: [{ role: "user", content: "Hi" }] });

  const polled = await threads.runs.createAndPoll(thread_id, { assistant_id });
  const stream = threads.runs.stream(thread_id, { assistant_id, tool_choice: "required" });
  const events = await all(stream);
  const waiting = await stream.finalRun();
  const [call] = waiting.required_action!.submit_tool_outputs.tool_calls;
  const outputs = { thread_id, tool_outputs: [{ tool_call_id: call!.id, output: "seen" }] };
  const last = await threads.runs.submitToolOutputsStream(waiting.id, outputs).finalMessages();
  const said = await all(await threads.messages.list(thread_id, { order: "asc" }));
  const steps = await all(await threads.runs.steps.list(waiting.id, { thread_id, order: "asc" }));

  expect(polled.status).toBe("completed");
  expect(waiting.status).toBe("requires_action");
  expect(call).toMatchObject({ function: { name: "look", arguments: "{}" } });
  expect(events.map(({ event }) => event).slice(0, 3)).toEqual([
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
  ]);
  expect(last).toHaveLength(1);
  expect(said.map(({ role }) => role)).toEqual(["user", "assistant", "assistant"]);
  expect(steps.map(({ type }) => type)).toEqual(["tool_calls", "message_creation"]);
});

test("a file that comes in parts is put together", async () => {
  await using client = await startClient();
  const { uploads, files } = client.openai;
  const about = { bytes: 6, filename: "a.txt", mime_type: "text/plain", purpose: "user_data" };

  const { id } = await uploads.create(about as Parameters<typeof uploads.create>[0]);
  const parts = [];
  for (const text of ["one", "two"]) {
    parts.push(await uploads.parts.create(id, { data: await textFile(text) }));
  }
  const done = await uploads.complete(id, { part_ids: parts.map((part) => part.id) });

  expect(done.status).toBe("completed");
  expect(await (await files.content(done.file!.id)).text()).toBe("onetwo");
  await expect(uploads.cancel(id)).rejects.toThrow(BadRequestError);
});

test("a vector store takes files one by one and in batches, and finds words in them", async () => {
  await using client = await startClient();
  const { vectorStores } = client.openai;

  const { id } = await vectorStores.create({ name: "notes" });
  await vectorStores.files.uploadAndPoll(id, await textFile("cats and dogs", "a.txt"));
  const files = [await textFile("only cats", "b.txt"), await textFile("birds", "c.txt")];
  const batch = await vectorStores.fileBatches.uploadAndPoll(id, { files });
  const found = await all(await vectorStores.search(id, { query: "cats dogs" }));
  const store = await vectorStores.retrieve(id);

  expect(batch).toMatchObject({ status: "completed", file_counts: { completed: 2, total: 2 } });
  expect(store).toMatchObject({ file_counts: { completed: 3, total: 3 }, usage_bytes: 27 });
  expect(found.map(({ filename, score }) => [filename, score])).toEqual([
    ["a.txt", 1],
    ["b.txt", 0.5],
    ["c.txt", 0],
  ]);
});

test("a batch goes on each time it is asked for, and gives each line its answer", async () => {
  await using client = await startClient();
  const { batches, files } = client.openai;
  const line = (custom_id: string, body: object) =>
    JSON.stringify({ custom_id, method: "POST", url: "/v1/chat/completions", body });
  const good = { model: "m", messages: [{ role: "user", content: "Hello" }] };
  const file = await textFile(`${line("a", good)}\n${line("b", {})}\n`, "lines.jsonl");

  const { id: input_file_id } = await files.create({ file, purpose: "batch" });
  const batch = await batches.create({
    input_file_id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  });
  const statuses = [batch.status];
  let now = batch;
  while (now.status !== "completed") {
    now = await batches.retrieve(batch.id);
    statuses.push(now.status);
  }
  const output = JSON.parse(await (await files.content(now.output_file_id!)).text());
  const errors = JSON.parse(await (await files.content(now.error_file_id!)).text());

  expect(statuses).toEqual(["validating", "in_progress", "completed"]);
  expect(now.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
  expect(output).toMatchObject({
    custom_id: "a",
    response: { status_code: 200, body: { object: "chat.completion" } },
  });
  expect(errors).toMatchObject({ custom_id: "b", response: { status_code: 400 } });
});

test("permissions for a checkpoint are listed in either order, also of one project", async () => {
  await using client = await startClient();
  const { permissions } = client.openai.fineTuning.checkpoints;
  await permissions.create("ft:m", { project_ids: ["a", "b"] });
  const list = async (query: PermissionListParams) =>
    (await permissions.list("ft:m", query)).data.map(({ project_id }) => project_id).join("");

  expect(await list({ order: "ascending" })).toBe("ab");
  expect(await list({ order: "descending" })).toBe("ba");
  expect(await list({ project_id: "b" })).toBe("b");
});

test("a stored prompt brings a model along", async () => {
  await using client = await startClient();
  const prompt = { id: "pmpt_1", variables: { name: "Ann" }, version: "2" };

  const response = await client.openai.responses.create({ prompt });

  expect(response).toMatchObject({ status: "completed", model: "gpt-4.1", prompt });
});

test("a tuned model can be found, and deleted", async () => {
  await using client = await startClient();
  const { files, fineTuning, models } = client.openai;

  const { id: training_file } = await files.create({
    file: await textFile("{}"),
    purpose: "fine-tune",
  });
  const { id } = await fineTuning.jobs.create({ model: "gpt-4o-mini", training_file });
  await fineTuning.jobs.retrieve(id);
  const { status, fine_tuned_model } = await fineTuning.jobs.retrieve(id);
  const events = await all(await fineTuning.jobs.listEvents(id));
  const checkpoints = await all(await fineTuning.jobs.checkpoints.list(id));

  expect(status).toBe("succeeded");
  expect(events).toHaveLength(3);
  expect(checkpoints).toHaveLength(1);
  expect(await models.retrieve(fine_tuned_model!)).toMatchObject({ object: "model" });
  await models.delete(fine_tuned_model!);
  await expect(models.retrieve(fine_tuned_model!)).rejects.toThrow(NotFoundError);
});

test("a container keeps files, and a skill its versions", async () => {
  await using client = await startClient();
  const { containers, skills } = client.openai;

  const { id: container_id } = await containers.create({ name: "box" });
  const inside = await containers.files.create(container_id, { file: await textFile("inside") });
  const content = await containers.files.content.retrieve(inside.id, { container_id });
  const skill = await skills.create({ files: await textFile("zip") });
  const next = await skills.versions.create(skill.id, { files: await textFile("zip 2") });
  const changed = await skills.update(skill.id, { default_version: next.version });

  expect(await content.text()).toBe("inside");
  expect([skill.latest_version, next.version]).toEqual(["1", "2"]);
  expect(changed).toMatchObject({ default_version: "2", latest_version: "2" });
  expect(await (await skills.content.retrieve(skill.id)).text()).toBe("zip 2");
});

test("a list comes in pages, forwards and backwards", async () => {
  await using client = await startClient();
  const { assistants } = client.openai.beta;
  const made = [];
  for (const name of ["a", "b", "c", "d", "e"]) {
    made.push(await assistants.create({ model: "m", name }));
  }
  const list = async (query: AssistantListParams) => {
    const { data, has_more } = await assistants.list(query);
    return [data.map(({ name }) => name).join(""), has_more];
  };

  expect(await list({})).toEqual(["edcba", false]);
  expect(await list({ limit: 2 })).toEqual(["ed", true]);
  expect(await list({ limit: 2, order: "asc", after: made[1]!.id })).toEqual(["cd", true]);
  expect(await list({ limit: 2, order: "asc", before: made[3]!.id })).toEqual(["bc", true]);
  expect(await list({ order: "asc", after: made[4]!.id })).toEqual(["", false]);
  expect((await all(await assistants.list({ limit: 2 }))).map(({ name }) => name)).toHaveLength(5);
  for (const query of [{ limit: 0 }, { limit: 101 }, { order: "up" }, { after: "none" }]) {
    const asked = assistants.list(query as AssistantListParams);
    await expect(asked).rejects.toMatchObject({ status: 400, param: Object.keys(query)[0] });
  }
});

test("secrets are told once, and what is deleted takes what is below it along", async () => {
  await using client = await startClient();
  const { adminAPIKeys, projects } = client.openai.admin.organization;

  const key = await adminAPIKeys.create({ name: "n" });
  const project = await projects.create({ name: "p" });
  const account = await projects.serviceAccounts.create(project.id, { name: "s" });
  const users = projects.users;

  expect(key.value).toMatch(/^sk-admin-/);
  expect(await adminAPIKeys.retrieve(key.id)).not.toHaveProperty("value");
  expect(account.api_key!.value).toMatch(/^sk-svcacct-/);
  await expect(users.list("proj_none")).rejects.toThrow(NotFoundError);
  expect((await projects.archive(project.id)).status).toBe("archived");
});

test("what has the same content is another thing when it is made again", async () => {
  await using client = await startClient();
  const { threads } = client.openai.beta;

  const [one, other] = [await threads.create(), await threads.create()];
  await threads.delete(one.id);

  expect(other.id).not.toBe(one.id);
  expect(await threads.retrieve(other.id)).toEqual(other);
  await expect(threads.retrieve(one.id)).rejects.toThrow(NotFoundError);
});

test("what was kept longest goes first when there is too much", () => {
  const store = createStore();

  for (let n = 0; n <= 10_000; n++) store.set(`/things/${n}`, { n });
  expect(store.get("/things/0")).toBeUndefined();
  expect(store.list("/things")).toHaveLength(10_000);

  for (const name of ["a", "b", "c", "d", "e"]) {
    store.set(`/files/${name}`, Buffer.alloc(60 * 1024 ** 2));
  }
  expect(store.list("/things")).toEqual([]);
  expect(store.get("/files/a")).toBeUndefined();
  expect(store.list("/files")).toHaveLength(4);
});
