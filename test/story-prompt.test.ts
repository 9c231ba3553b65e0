import { spawnSync } from "node:child_process";
import { brotliCompressSync, constants, createGzip, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { HeaderPairs } from "../src/journal/call.ts";
import { decodedSlices } from "../src/journal/decoded.ts";
import { EventReader } from "../src/story/events.ts";
import { readFrames, readPrompt } from "../src/story/prompt.ts";
import { toNode, toPython } from "../src/story/sdk.ts";
import { type Request, toCurl } from "../src/story/snippet.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what is asked", () => {
  test.each<[string, object, object[]]>([
    [
      "a chat",
      {
        model: "m",
        tools: [{ type: "function", function: { name: "f" } }],
        messages: [
          { role: "system", content: "S" },
          {
            role: "user",
            content: [
              { type: "text", text: "T" },
              { type: "image_url", image_url: { url: "data:x" } },
            ],
          },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "c", function: { name: "f", arguments: "{}" } }],
          },
          { role: "tool", tool_call_id: "c", content: "R" },
        ],
      },
      [
        { path: "tools[0]", role: "tools", kind: "tool", name: "f" },
        { path: "messages[0].content", role: "system", kind: "text", text: "S" },
        { path: "messages[1].content[0]", role: "user", kind: "text", text: "T" },
        { path: "messages[1].content[1]", role: "user", kind: "image", text: "data:x" },
        {
          path: "messages[2].tool_calls[0]",
          role: "assistant",
          kind: "call",
          text: "{}",
          name: "f",
        },
        { path: "messages[3].content", role: "tool", kind: "result", text: "R", name: "c" },
      ],
    ],
    [
      "a response",
      {
        instructions: "I",
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "T" },
              { type: "input_file", file_id: "file_1" },
            ],
          },
          { type: "reasoning", summary: [{ type: "summary_text", text: "R" }] },
          { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
          { type: "function_call_output", call_id: "c", output: "O" },
          { type: "item_reference", id: "x" },
        ],
      },
      [
        { path: "instructions", role: "system", kind: "text", text: "I" },
        { path: "input[0].content[0]", role: "user", kind: "text", text: "T" },
        { path: "input[0].content[1]", role: "user", kind: "file", text: "file_1" },
        { path: "input[1]", role: "assistant", kind: "other", text: "R", name: "reasoning" },
        { path: "input[2]", role: "assistant", kind: "call", text: "{}", name: "f" },
        { path: "input[3]", role: "tool", kind: "result", text: "O", name: "c" },
        { path: "input[4]", kind: "other", name: "item_reference" },
      ],
    ],
    [
      "words to be embedded",
      { input: ["a", "b"] },
      [
        { path: "input[0]", text: "a" },
        { path: "input[1]", text: "b" },
      ],
    ],
    ["a picture", { prompt: "A cat" }, [{ path: "prompt", role: "user", text: "A cat" }]],
  ])("of %s", async (_name, body, parts) => {
    const prompt = await readPrompt(
      "application/json",
      bytes(JSON.stringify({ seed: 7, ...body })),
    );

    expect(prompt.parts).toMatchObject(parts);
    expect(prompt.parts).toHaveLength(parts.length);
    expect(prompt.parameters).toEqual([["seed", "7"]]);
  });

  test("of a form are its fields and files", async () => {
    const form = new FormData();
    form.set("model", "whisper-1");
    form.set("language", "de");
    form.set("file", new File(["abc"], "a.wav", { type: "audio/wav" }));
    const sent = new Response(form);
    const type = sent.headers.get("content-type")!;
    const body = new Uint8Array(await sent.arrayBuffer());

    expect(await readPrompt(type, body)).toEqual({
      model: "whisper-1",
      parameters: [["language", "de"]],
      parts: [
        { path: "file", role: "user", kind: "audio", name: "a.wav", text: "audio/wav, 3 bytes" },
      ],
    });
    expect(await readPrompt(type, body.subarray(0, -9))).toMatchObject({
      problem: "The form could not be read.",
    });
    expect(await readPrompt("application/json", bytes("{"))).toMatchObject({
      problem: "The body is no JSON object.",
    });
  });

  test("of a WebSocket is in its messages", () => {
    const reader = new EventReader("asked");
    const messages = [
      { type: "session.update", session: { model: "gpt-realtime", instructions: "I" } },
      {
        type: "conversation.item.create",
        item: { type: "message", role: "user", content: [{ type: "input_text", text: "T" }] },
      },
      { type: "response.create", input: "Hi", temperature: 1 },
    ];
    const events = messages.flatMap((one, at) =>
      reader.push({ at, type: "text", bytes: bytes(JSON.stringify(one)) }),
    );

    expect(readFrames(events)).toMatchObject({
      model: "gpt-realtime",
      parameters: [["temperature", "1"]],
      parts: [{ text: "I" }, { role: "user", text: "T" }, { text: "Hi" }],
    });
  });
});

describe("a call to paste", () => {
  const request = (body: string | Uint8Array, more: Partial<Request> = {}): Request => ({
    ...{
      id: "m1-1",
      baseUrl: "http://127.0.0.1:8484/v1",
      method: "POST",
      target: "/v1/responses?a=b&c",
    },
    headers: [
      ["Content-Type", "application/json"],
      ["User-Agent", "x"],
      ["OpenAI-Beta", "it's=v2"],
    ],
    body: typeof body === "string" ? bytes(body) : body,
    ...more,
  });

  test("is for a shell what was sent, whatever it was", () => {
    const nasty = `{"a":"it's $HOME \`id\` \\\\ \\"x\\" !! 🌧"}\n@x`;
    const code = ["m1-1", "m2"].map((id) => toCurl(request(nasty, { id })).code).join("\n");

    const { stdout } = spawnSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }\n${code}`], {
      env: { PATH: process.env.PATH, OPENAI_API_KEY: "k" },
      encoding: "utf8",
    });

    const words = [
      ...["http://127.0.0.1:8484/v1/responses?a=b&c", "-H", "Authorization: Bearer k"],
      ...[
        "-H",
        "Content-Type: application/json",
        "-H",
        "OpenAI-Beta: it's=v2",
        "--data-raw",
        nasty,
      ],
    ];
    expect(stdout.split("\0")).toEqual([...words, ...words, ""]);
  });

  test("takes a body that is no text from a file", () => {
    const { code, remark } = toCurl(request(new Uint8Array([0, 255])));

    expect(code).toMatch(/ --data-binary @body-m1-1$/);
    expect(remark).toBe("First save the body: relay show m1-1 --body request > body-m1-1");
    expect(toCurl(request("", { method: "GET", headers: [] })).code).toBe(
      "curl 'http://127.0.0.1:8484/v1/responses?a=b&c' \\\n  -H \"Authorization: Bearer $OPENAI_API_KEY\"",
    );
  });

  test("is code with the SDKs' methods where they have one, else what does the same", () => {
    const chat = { target: "/v1/chat/completions" };
    const body = '{"model":"m","stream":true,"stop":null,"messages":[]}';
    const odd = request('{"a":1}', { target: "/v1/threads" });

    expect(toNode(request(body, chat)).code).toContain("await client.chat.completions.create({\n");
    expect(toNode(request(body, chat)).code).toContain("for await (const event of answer)");
    expect(toPython(request(body, chat)).code).toBe(
      [
        "from openai import OpenAI",
        "",
        'client = OpenAI(base_url="http://127.0.0.1:8484/v1")',
        "",
        "answer = client.chat.completions.create(",
        ...['    model="m",', "    stream=True,", "    stop=None,", "    messages=[],"],
        ")",
        ...["for event in answer:", "    print(event)"],
      ].join("\n"),
    );
    expect(toNode(odd).code).toContain('await fetch("http://127.0.0.1:8484/v1/threads", {');
    expect(toPython(odd).code).toContain(
      'client.post("/threads", cast_to=object, body={\n    "a": 1,\n})',
    );
  });
});

describe("a body without its Content-Encoding", () => {
  const text = "data: one\n\n".repeat(2_000);
  const encoding = (value: string): HeaderPairs => [["Content-Encoding", value]];
  const pieces = (whole: Uint8Array) =>
    Array.from({ length: Math.ceil(whole.length / 7) }, (_, i) => ({
      at: i,
      bytes: whole.subarray(7 * i, 7 * i + 7),
    }));
  const textOf = (slices: { bytes: Uint8Array }[]) =>
    Buffer.concat(slices.map((slice) => slice.bytes)).toString();

  test.each([
    ["identity", bytes(text)],
    ["gzip", gzipSync(text)],
    ["br", brotliCompressSync(text)],
    ["zstd", zstdCompressSync(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ])("%s", async (coding, whole) => {
    const { slices, problem } = await decodedSlices(encoding(coding), pieces(whole));

    expect(textOf(slices)).toBe(text);
    expect(problem).toBeUndefined();
  });

  test("came when its pieces came", async () => {
    const gzip = createGzip();
    const flushed: Buffer[] = [];
    gzip.on("data", (piece: Buffer) => flushed.push(piece));
    const sent: { at: number; bytes: Uint8Array }[] = [];
    for (const [i, word] of ["one", "two", "three"].entries()) {
      gzip.write(word);
      await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
      await new Promise(setImmediate);
      sent.push({ at: 100 * i, bytes: Buffer.concat(flushed.splice(0)) });
    }

    const { slices } = await decodedSlices(encoding("gzip"), sent);

    expect(slices.map(({ at, bytes }) => [at, String(bytes)])).toEqual([
      [0, "one"],
      [100, "two"],
      [200, "three"],
    ]);
  });

  test("is given as far as it goes where it is cut off, and as it is where it is none", async () => {
    const cut = await decodedSlices(encoding("gzip"), pieces(gzipSync(text).subarray(0, -12)));
    const wrong = await decodedSlices(encoding("gzip"), pieces(bytes("plain")));
    const unknown = await decodedSlices(encoding("lzma"), pieces(bytes("plain")));

    expect(text.startsWith(textOf(cut.slices))).toBe(true);
    expect(wrong.problem).toMatch(/^The body is not encoded as it says/);
    expect(textOf(wrong.slices)).toBe("plain");
    expect(unknown).toMatchObject({ problem: "Nobody here can read Content-Encoding: lzma" });
    expect(textOf(unknown.slices)).toBe("plain");
  });
});
