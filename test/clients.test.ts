import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import OpenAI, { APIError, APIUserAbortError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority } from "./support/authority.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { type Seen, startUpstream } from "./support/upstream.ts";

// Real clients, unchanged, through the relay in front of real servers.

let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
});
afterAll(() => authority[Symbol.dispose]());

const client = (url: string, extras = {}) =>
  new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: "dummy",
    adminAPIKey: "dummy-admin",
    maxRetries: 0,
    ...extras,
  });

/** Calls that between them use every way in which the SDK makes requests. */
const calls: Record<string, (openai: OpenAI) => Promise<unknown>> = {
  "chat completion": (openai) =>
    openai.chat.completions.create({
      model: "gpt-x",
      messages: [{ role: "user", content: "héllo ☃" }],
    }),
  "chat stream": async (openai) => {
    const messages = [{ role: "user" as const, content: "hi" }];
    for await (const _ of await openai.chat.completions.create({
      model: "m",
      messages,
      stream: true,
    }));
  },
  "response with headers of its own": (openai) =>
    openai.responses.create(
      { model: "m", input: "x" },
      { headers: { "x-own": "1", "idempotency-key": "k" }, query: { "include[]": ["a b", "c/d"] } },
    ),
  "resumed response stream": async (openai) => {
    for await (const _ of await openai.responses.retrieve("resp_1", {
      stream: true,
      starting_after: 7,
    }));
  },
  "list with array query": (openai) =>
    openai.responses.inputItems.list("resp_1", {
      include: ["reasoning.encrypted_content"],
      limit: 2,
    }),
  "id that needs escaping": (openai) => openai.models.retrieve("ft:gpt:a/b c"),
  embeddings: (openai) => openai.embeddings.create({ model: "m", input: ["a", "b"] }),
  "post without body": (openai) => openai.responses.cancel("resp_1"),
  delete: (openai) => openai.files.delete("file-1"),
  "assistants beta": (openai) => openai.beta.threads.retrieve("thread_1"),
  "file upload": async (openai) =>
    openai.files.create({
      purpose: "batch",
      file: await toFile(Buffer.from([0, 1, 13, 10, 255]), "ü.jsonl"),
    }),
  "file content": async (openai) => (await openai.files.content("file-1")).arrayBuffer(),
  speech: async (openai) =>
    (await openai.audio.speech.create({ model: "m", input: "x", voice: "alloy" })).arrayBuffer(),
  transcription: async (openai) =>
    openai.audio.transcriptions.create({
      model: "m",
      file: await toFile(Buffer.alloc(70_000, 7), "a.wav"),
    }),
  "image edit": async (openai) =>
    openai.images.edit({
      model: "m",
      prompt: "p",
      image: await toFile(Buffer.from("png"), "a.png"),
    }),
  "admin operation": (openai) => openai.admin.organization.users.list({ limit: 3 }),
};

describe.each(["plain", "TLS"])(
  "the openai SDK over a %s upstream sends the same as without the relay:",
  (kind) => {
    test.each(Object.keys(calls))("%s", async (name) => {
      const tls = kind === "TLS" ? authority.issue() : undefined;
      await using upstream = await startUpstream(answerAnything, tls);
      await using direct = await startUpstream(answerAnything);
      await using relay = await startRelay({
        upstream: upstream.url,
        ca: tls ? authority.file : "",
      });

      await calls[name]!(client(direct.url));
      await calls[name]!(client(relay.url));

      expect(upstream.seen.map(comparable)).toEqual(direct.seen.map(comparable));
      expect(upstream.seen.length).toBeGreaterThan(0);
      for (const { headers } of upstream.seen)
        expect(headers.authorization).toBe(`Bearer ${testKey}`);
    });
  },
);

/** A request without what the contract lets the relay change, and without the random part of a boundary. */
function comparable({ method, url, rawHeaders, headers, body }: Seen) {
  const boundary = /boundary=(\S+)/.exec(headers["content-type"] ?? "")?.[1] ?? "\0none";
  const same = (text: string) => text.replaceAll(boundary, "BOUNDARY");
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const changed =
      /^(host|connection|keep-alive|authorization|sec-.*|content-length|transfer-encoding)$/;
    if (!changed.test(name)) lines.push(`${name}: ${same(rawHeaders[i + 1]!)}`);
  }
  const framing = [headers["content-length"], headers["transfer-encoding"]];
  return { method, url, lines, framing, body: same(body.toString("latin1")) };
}

/** Good enough for every call: JSON, a stream that ends, or bytes. */
const answerAnything: Parameters<typeof startUpstream>[0] = (req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    const wantsStream =
      /"stream":true/.test(String(Buffer.concat(chunks))) || /stream=true/.test(req.url!);
    res.setHeader("content-type", wantsStream ? "text/event-stream" : "application/json");
    res.end(wantsStream ? "data: [DONE]\n\n" : '{"id":"x","object":"list","data":[]}');
  });
};

describe("what comes back", () => {
  test("an abort by the SDK ends the call at the upstream", async () => {
    const upstreamClosed = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write('data: {"choices":[]}\n\n');
      res.on("close", upstreamClosed.resolve);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const stream = await client(relay.url).chat.completions.create({
      model: "m",
      messages: [],
      stream: true,
    });
    const first = await stream[Symbol.asyncIterator]().next();
    stream.controller.abort();

    expect(first.done).toBe(false);
    await upstreamClosed.promise;
    expect((await relay.nextOutcome()).ending).toBe("client_left");
  });

  test("a time-out of the SDK before the head ends it as well", async () => {
    const upstreamClosed = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.on("close", upstreamClosed.resolve);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const controller = new AbortController();

    const call = client(relay.url).responses.create(
      { model: "m", input: "x" },
      { signal: controller.signal },
    );
    const failure = expect(call).rejects.toBeInstanceOf(APIUserAbortError);
    await expect.poll(() => upstream.seen.length).toBe(1);
    controller.abort();

    await failure;
    await upstreamClosed.promise;
  });

  test("the SDK's own retries see upstream's retry-after and x-request-id", async () => {
    let asked = 0;
    await using upstream = await startUpstream((_req, res) => {
      asked++;
      res.writeHead(asked === 1 ? 429 : 200, {
        "content-type": "application/json",
        "retry-after-ms": "1",
        "x-request-id": `req_${asked}`,
      });
      res.end(
        asked === 1
          ? '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'
          : '{"id":"r"}',
      );
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await client(relay.url, { maxRetries: 1 }).responses.create({
      model: "m",
      input: "x",
    });

    expect(answer._request_id).toBe("req_2");
    expect(upstream.seen.map(({ headers }) => headers["x-stainless-retry-count"])).toEqual([
      "0",
      "1",
    ]);
  });

  test("a stream that breaks throws in the SDK", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write('data: {"choices":[]}\n\n', () => res.socket!.destroy());
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const stream = await client(relay.url).chat.completions.create({
      model: "m",
      messages: [],
      stream: true,
    });

    await expect(Array.fromAsync(stream)).rejects.toThrow(/terminated/);
  });

  test("the relay's own refusals are errors of the SDK, and are not repeated", async () => {
    await using relay = await startRelay({}, { env: { OPENAI_API_KEY: "" } });

    const failure = await client(relay.url, { maxRetries: 2 })
      .models.list()
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ status: 401, code: "key_missing" });
    expect(relay.outcomes).toHaveLength(1);
  });

  test("the AI SDK gets whole and streamed answers", async () => {
    await using mock = await startRelay({ mock: "true" });
    await using relay = await startRelay({ upstream: mock.url });
    const openai = createOpenAI({ baseURL: `${relay.url}/v1`, apiKey: "dummy" });

    const whole = await generateText({ model: openai("gpt-4.1"), prompt: "Say hello" });
    const stream = streamText({ model: openai("gpt-4.1"), prompt: "Say hello" });
    const pieces = await Array.fromAsync(stream.textStream);

    expect(whole.text).not.toBe("");
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe(whole.text);
  });

  test("curl uploads with 100-continue and downloads byte for byte", async () => {
    const sizes: number[] = [];
    const file = Buffer.alloc(3_000_000, "0123456789");
    await using upstream = await startUpstream((req, res) => {
      let size = 0;
      req.on("data", (chunk: Buffer) => {
        size += chunk.length;
      });
      req.on("end", () => {
        sizes.push(size);
        res.end(file);
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const curl = promisify(execFile)(
      "curl",
      ["-sS", "--data-binary", "@-", "-o", "-", `${relay.url}/v1/files`],
      { encoding: "buffer", maxBuffer: 10_000_000 },
    );
    curl.child.stdin!.end(file);
    const { stdout } = await curl;

    expect(stdout.equals(file)).toBe(true);
    expect(sizes).toEqual([file.length]);
    expect(upstream.seen[0]?.headers).not.toHaveProperty("expect");
  });
});
