import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { listParts, listTape, readEntry } from "../src/tape/file.ts";
import { startCommand } from "./support/command.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startUpstream } from "./support/upstream.ts";

/** Calls at the same time. */
const lanes = 6;

test("a relay that is killed while it records loses at most what was in flight", {
  timeout: 60_000,
}, async () => {
  using tape = createTapeFolder();
  await using upstream = await startUpstream(async (req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    for (let i = 0; i < 4; i++) {
      res.write(`data: ${req.url} ${i}\n\n`);
      await sleep(2);
    }
    res.end("data: [DONE]\n\n");
  });
  const answers = new Map<string, string>();
  let asked = 0;

  for (let round = 0; round < 3; round++) {
    const args = ["start", "--record", tape.path, "--port", "0", "--upstream", upstream.url];
    await using relay = startCommand(args, { env: { OPENAI_API_KEY: "sk-test" } });
    const [url] = await relay.until("stdout", /^http\S+/);
    const lane = async () => {
      for (;;) {
        const path = `/call/${asked++}`;
        const answer = await fetch(url + path);
        answers.set(`/v1${path}`, await answer.text());
      }
    };
    const stopped = Promise.allSettled(Array.from({ length: lanes }, lane));
    await expect.poll(() => answers.size).toBeGreaterThan(20 * (round + 1));
    await sleep(Math.random() * 100);
    relay.child.kill("SIGKILL");
    await stopped;
    await relay.ended;
  }

  const kept = await Promise.all(listTape(tape.path).map(({ name }) => readEntry(tape.at(name))));
  for (const { asked, parts, end } of kept) {
    const text = parts.map((part) => ("text" in part ? part.text : "")).join("");
    expect(text).toBe(answers.get(asked.path) ?? text);
    expect(text).toMatch(/\[DONE\]\n\n$/);
    expect(end.end).toBe("complete");
  }
  // One in each lane was being asked, and one being written.
  expect(answers.size - kept.length).toBeLessThanOrEqual(3 * 2 * lanes);
  expect(listParts(tape.path).length).toBeLessThanOrEqual(3 * 2 * lanes);
  const again = await tape.replay(async (relay) => {
    const texts = new Map<string, string>();
    for (const { asked } of kept.slice(-20))
      texts.set(asked.path, await fetch(relay.url + asked.path).then((answer) => answer.text()));
    return texts;
  });
  for (const [path, text] of again) expect(text).toBe(answers.get(path) ?? text);
});
