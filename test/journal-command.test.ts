import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTestJournal, eventHeaders, jsonHeaders } from "./support/calls.ts";
import { runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";

vi.setConfig({ testTimeout: 20_000 });

const hour = 3_600_000;
const slices = ["data: é", "\n\n"].map((text, at) => ({ at, bytes: Buffer.from(text) }));

let folder: Folder;
let file: string;

beforeAll(() => {
  folder = createFolder();
  file = folder.at("journal.db");
  using journal = createTestJournal(file);
  const ended = { status: 200, ending: "complete", times: { sent: 1, head: 3, end: 9 } } as const;
  for (let i = 0; i < 1_200; i++)
    journal.put({ ...ended, id: `old-${i}`, startedAt: Date.now() - 48 * hour });
  const seq = journal.put({ ...ended, id: "new-1", isStream: true, isCaptured: true, model: "m" });
  journal.heads(seq, { target: "/v1/responses?a=b", asked: jsonHeaders, answered: eventHeaders });
  journal.add(seq, "asked", [{ at: 0, bytes: Buffer.from("canary-of-a-prompt") }]);
  journal.add(seq, "answered", slices);
  journal.put({ ...ended, id: "new-2", status: 429, tag: "nightly" });
});

afterAll(() => folder[Symbol.dispose]());

function journal(...args: string[]) {
  return runCommand(["journal", ...args, "--journal-file", file]);
}

const lines = (text: string) => text.trimEnd().split("\n");

test("ls, export, rm and vacuum work on the calls that a filter lets through", async () => {
  const listed = await journal("ls", "--since", "1h", "--json");
  expect(lines(listed.stdout).map((line) => JSON.parse(line).id)).toEqual(["new-1", "new-2"]);

  const har = folder.at("all.har");
  expect(await journal("export", "-o", har)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  const { entries } = JSON.parse(readFileSync(har, "utf8")).log;
  expect(entries).toHaveLength(1_202);
  expect(statSync(har).mode & 0o777).toBe(0o600);
  expect(entries[1_200]).toMatchObject({
    request: { method: "POST", url: "http://127.0.0.1:8484/v1/responses?a=b" },
    response: { status: 200, content: { mimeType: eventHeaders[0]![1], text: "data: é\n\n" } },
    timings: { wait: 2, receive: 6 },
  });
  const jsonl = await journal("export", "--format", "jsonl", "new-1");
  expect(JSON.parse(jsonl.stdout)).toMatchObject({
    id: "new-1",
    answered: [
      { at: 0, text: "data: é" },
      { at: 1, text: "\n\n" },
    ],
  });

  expect((await journal("rm")).code).toBe(2);
  expect(await journal("rm", "new-9")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no call "new-9"'),
  });
  const { size } = statSync(file);
  expect((await journal("rm", "--older-than", "1d")).stdout).toBe("Removed 1200 calls.\n");
  expect((await journal("rm", "new-1")).stdout).toBe("Removed 1 call.\n");
  expect(readFileSync(file, "latin1")).not.toContain("canary-of-a-prompt");
  expect((await journal("vacuum")).code).toBe(0);
  expect(statSync(file).size).toBeLessThan(size);
  const left = await journal("ls", "--json");
  expect(lines(left.stdout).map((line) => JSON.parse(line).id)).toEqual(["new-2"]);
});
