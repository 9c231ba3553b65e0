import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { digestOf, noBody, stemOf, toName } from "../src/tape/name.ts";
import { rawConnection } from "./support/raw.ts";
import { createTapeFolder } from "./support/tape.ts";

// A tape may come with somebody else's repository.

const path = "/v1/x";
const ask = { method: "GET", path, query: undefined, upgrade: false, range: undefined };
const digest = digestOf(ask, noBody);
const name = toName(stemOf("GET", path, digest), 1);
const asked = {
  tape: 1,
  method: "GET",
  path,
  digest,
  recorded: "2026-01-02T03:04:05.678Z",
  headers: [],
};
const head = { at: 1, status: 200, reason: "OK", headers: [["x-test", "1"]] };
const end = { at: 2, end: "complete" };

function written(lines: readonly unknown[]) {
  const tape = createTapeFolder();
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  writeFileSync(tape.at(name), text.join("\n"));
  return tape;
}

const answerTo = (url: string) => fetch(`${url}${path}`).then((answer) => answer.text());

test.each([
  ["another version", [{ ...asked, tape: 2 }, head, end]],
  ["a head without headers", [asked, { ...head, headers: null }, end]],
  ["a status that is none", [asked, { ...head, status: "200" }, end]],
  ["a header that ends its line", [asked, { ...head, headers: [["x", "1\r\ny: 2"]] }, end]],
  ["an interim answer that is an answer", [asked, { ...head, status: undefined, interim: 200 }]],
  [
    "a header of an interim answer that ends its line",
    [asked, { at: 1, interim: 103, reason: "", headers: [["x", "1\r\n\r\nHTTP/1.1 200 OK"]] }],
  ],
  ["framing of its own", [asked, { ...head, headers: [["Transfer-Encoding", "chunked"]] }, end]],
  ["no JSON", [asked, "nonsense"]],
  ["lists in lists", [asked, "[".repeat(200_000)]],
])("%s is never answered with, and the relay says where to look", async (_what, lines) => {
  using tape = written(lines);

  const text = await tape.replay(({ url }) => answerTo(url));

  expect(JSON.parse(text).error).toMatchObject({
    message: expect.stringMatching(/"relay tape check" says more/),
  });
});

test("a tape that is as it should be is answered with", async () => {
  using tape = written([asked, head, { at: 2, text: "fine" }, end]);

  expect(await tape.replay(({ url }) => answerTo(url))).toBe("fine");
});

test("bytes behind those that Content-Length announces never leave", async () => {
  const short = { ...head, headers: [["Content-Length", "4"]] };
  using tape = written([asked, short, { at: 1, text: "fineHTTP/1.1 200 Lie\r\n\r\n" }, end]);

  const { text } = await tape.replay(async ({ port }) => {
    using client = await rawConnection(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return await client.closed();
  });

  expect(text).not.toContain("Lie");
});

test.skipIf(process.platform === "win32")("a link to what is no file is not read", async () => {
  using tape = written([]);
  rmSync(tape.at(name));
  symlinkSync("/dev/zero", tape.at(name));

  expect(await tape.replay(({ url }) => answerTo(url))).toMatch(/is no file/);
});

test("who waits for more than a recorded client did is cut off, and that counts as missed", async () => {
  using tape = written([asked, head, { at: 1, text: "begun" }, { at: 2, end: "client_left" }]);
  const said: string[] = [];
  const { createTaped } = await import("../src/tape/tape.ts");
  const { load } = await import("./support/settings.ts");
  const { config } = await load({ flags: { replay: tape.path } });
  const taped = createTaped({ config, inner: undefined, say: (line) => said.push(line) });
  const failed = Promise.withResolvers<void>();

  taped.answer(
    {
      ...{ id: "1", method: "GET", target: path, headers: [], body: null, bodyLength: undefined },
      ...{ startedAt: performance.now(), bytesIn: 0 },
    },
    {
      ...{ started: false, over: false, onDrain: null, onGone: null },
      ...{ inform() {}, head() {}, end() {}, data: () => true, fail: () => failed.resolve() },
    },
  );
  await failed.promise;
  await taped.close();

  expect(taped.summary()).toBe("relay: tape: 0 replayed, 1 missed, 0 unused\n");
  expect(said).toEqual([expect.stringMatching(/breaks off where its client left/)]);
});
