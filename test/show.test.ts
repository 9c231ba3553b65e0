import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { toFigures } from "../src/show/figures.ts";
import { createTestJournal, eventHeaders, jsonHeaders } from "./support/calls.ts";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

describe("calls of the SDK through a relay that captures", () => {
  const folder = createFolder();
  const env = { RELAY_JOURNAL_FILE: folder.at("journal.db") };
  const relay = (...args: string[]) => runCommand(args, { env });
  let running: Running;

  beforeAll(async () => {
    running = startCommand(["start", "--mock", "--no-config", "--port", "0", "--capture"], { env });
    const [baseURL] = await running.until("stdout", /^http:\/\/\S+(?=\n)/m);
    const client = new OpenAI({ baseURL, apiKey: "relay" });
    for (const day of [1, 2]) {
      const stream = await client.chat.completions.create({
        model: "gpt-5",
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: "system", content: `Today is 2026-01-0${day}. Answer in one sentence.` },
          { role: "user", content: "Say hello to Zürich" },
        ],
      });
      for await (const _ of stream);
    }
    // What is in its memory is written when it ends.
    running.child.kill("SIGTERM");
    await running.ended;
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test("are shown with what was asked, what was said and when", async () => {
    const { code, stdout, stderr } = await relay("show", "last");

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^POST \/v1\/chat\/completions {2}200, complete\ncall 2 \(\S+\), .*gpt-5/,
    );
    expect(stdout).toMatch(/^streams +[▁▂▃▄▅▆▇█ ]+ \S+s/m);
    expect(stdout).toMatch(/^tokens {6}\d+ in/m);
    expect(stdout).toMatch(
      /^ {2}system {6}Today is 2026-01-02\. Answer in one sentence\.\n {2}user {8}Say hello to Zürich$/m,
    );
    expect(stdout).toMatch(/^ {2}text {8}\S/m);
    expect(stdout).toMatch(/^ {2}finish {6}stop$/m);
    expect(stdout).not.toContain("Bearer");
  });

  test("are given to programs: all of it, the events, the words, or the body", async () => {
    const [json, events, message, body, request] = await Promise.all([
      relay("show", "2", "--json"),
      relay("show", "2", "--events"),
      relay("show", "2", "--message"),
      relay("show", "2", "--body"),
      relay("show", "2", "--body", "request"),
    ]);

    const all = JSON.parse(json.stdout);
    expect(all).toMatchObject({
      version: 1,
      call: { seq: 2, isCaptured: true },
      prompt: { model: "gpt-5" },
      problems: [],
    });
    expect(all.message.items[0].text).toBe(message.stdout.slice(0, -1));
    expect(events.stdout.trimEnd().split("\n")).toHaveLength(all.events.length);
    expect(events.stdout).toMatch(/^ +\d+\.\d ms +\+\S+ {2}\[DONE\]$/m);
    expect(body.stdout).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s);
    expect(JSON.parse(request.stdout)).toMatchObject({ model: "gpt-5", stream: true });
  });

  test("are written as a line for a shell, and compared", async () => {
    const [curl, diff, same, chain] = await Promise.all([
      relay("show", "2", "--as", "curl"),
      relay("diff", "1", "2"),
      relay("diff", "last", "2"),
      relay("diff", "--chain"),
    ]);

    expect(curl.stdout).toMatch(/^curl http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions \\\n/);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain(
      "request\n  messages[0].content\n    Today is 2026-01-[-01-]{+02+}. Answer in one sentence.\n",
    );
    expect(same).toMatchObject({ code: 0, stdout: "", stderr: "Calls 2 and 2 say the same.\n" });
    expect(chain.code).toBe(0);
    expect(chain.stdout).toMatch(/^call 1 .*\n {2}begins the conversation\n/);
    expect(chain.stdout).toContain("  parts at messages[0].content\n    - Today is 2026-01-01.");
    expect(chain.stdout).toContain("! A date, time or id stands at messages[0].content");
  });
});

describe("a call in the journal", () => {
  const folder = createFolder();
  const env = { RELAY_JOURNAL_FILE: folder.at("journal.db") };
  const relay = (...args: string[]) => runCommand(args, { env });

  beforeAll(() => {
    using journal = createTestJournal(folder.at("journal.db"));
    journal.put({ id: "a-1" });
    const evil = "\u001b]0;title\u0007\u009b31m\u202e";
    const body = Buffer.from(
      `data: {"choices":[{"delta":{"content":"${JSON.stringify(evil).slice(1, -1)}"}}]}\n\n: \u001b[2J\n\ndata: {"cut`,
    );
    const seq = journal.put({
      id: "b-2",
      path: "/v1/chat/completions",
      isStream: true,
      isCaptured: true,
      bytesIn: 2,
      bytesOut: body.length + 5,
    });
    journal.heads(seq, {
      target: `/v1/chat/completions?${evil}`,
      asked: jsonHeaders,
      answered: [...eventHeaders, ["X-Evil", evil]],
    });
    journal.add(seq, "asked", [{ at: 0, bytes: Buffer.from("{]") }]);
    journal.add(seq, "answered", [{ at: 400, bytes: body }]);
  });
  afterAll(() => folder[Symbol.dispose]());

  test("that was not captured says so, and what to do", async () => {
    const [shown, events] = await Promise.all([
      relay("show", "a-1"),
      relay("show", "a-1", "--events"),
    ]);

    expect(shown).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Start the relay with "--capture"'),
    });
    expect(events).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining('Start the relay with "--capture"'),
    });
  });

  test("cannot make a terminal do anything, and tells what is wrong with it", async () => {
    const [shown, events] = await Promise.all([
      relay("show", "b-2"),
      relay("show", "b-2", "--events"),
    ]);

    for (const { stdout } of [shown, events])
      expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown.stdout).toContain("The body is no JSON object.");
    expect(shown.stdout).toContain("The stream ended within an event.");
    expect(shown.stdout).toMatch(/Of the answer, \d+ of \d+ bytes were kept \(captureBody\)\./);
    expect(events.stdout).toMatch(/\(cut off\) {2}\{"cut\n$/);
  });

  test("has figures that say why they are not known", () => {
    const usage = { state: "unknown" as const };
    const call = { path: "/v1/chat/completions", isStream: true, ending: "complete", usage };
    const figures = (changes: object) => toFigures({ ...call, ...changes } as unknown as Call);

    expect(figures({})).toContain("--include-usage");
    expect(figures({ path: "/v1/responses" })).toBe("not known: the answer does not say");
    expect(figures({ ending: "client_left" })).toContain("the answer was cut");
  });

  test.each([
    [["show", "zzz"], 1, /There is no call "zzz".*relay logs/],
    [["show", "last", "--body", "both"], 2, /Say "answer" or "request"/],
    [["diff", "a-1"], 2, /Which two calls\?/],
    [["diff", "a-1", "b-2"], 1, /Call 1 was not captured/],
    [["diff", "--chain", "b-2"], 1, /is no JSON that was kept whole/],
  ])("%j says what is wrong", async (args, code, said) => {
    const ended = await relay(...args);

    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toMatch(said);
  });
});
