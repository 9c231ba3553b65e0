import { describe, expect, test } from "vitest";
import { startProgram } from "./support/command.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startResponsesUpstream } from "./support/responses-websocket.ts";
import { startTap } from "./support/tap.ts";
import { linesOf, valuesOf } from "./support/wire.ts";

// .ci/run brings Codex along; it weighs 400 MB, so a plain `npm test` does without.
const codex = process.env.CODEX_BIN;

/** Asks Codex, which has no key of its own, to say hello. */
async function sayHello(url: string) {
  const args = ["exec", "--skip-git-repo-check", "-c", `openai_base_url="${url}/v1"`, "Say hello"];
  await using program = startProgram(codex!, args);
  // It reads what it is given before it begins.
  program.child.stdin!.end();
  return await program.ended;
}

describe.skipIf(!codex)("Codex through the relay", { timeout: 60_000 }, () => {
  test("talks over one WebSocket, of which every byte arrives as it was sent", async () => {
    await using upstream = await startResponsesUpstream();
    await using behind = await startTap(upstream.port);
    // The tap before it has a port of its own.
    await using relay = await startRelay({ upstream: behind.url, allowedHosts: "127.0.0.1" });
    await using before = await startTap(relay.port);

    const { code, stdout, stderr } = await sayHello(before.url);
    expect(stdout, stderr).toContain('You said: "Say hello"');
    expect(code).toBe(0);
    expect(stderr).not.toContain("Reconnecting");

    // It first warms up, then asks; and it was never sent to HTTP.
    expect(upstream.creations).toMatchObject([
      { type: "response.create", generate: false },
      { type: "response.create", previous_response_id: expect.stringMatching(/^resp_/) },
    ]);
    const { status } = await relay.nextOutcome();
    expect([status, relay.outcomes.length]).toEqual([101, 1]);

    const [sent, arrived] = [only(before.connections), only(behind.connections)];
    expect(linesToKeep(arrived.asked)).toEqual(linesToKeep(sent.asked));
    expect(valuesOf(sent.asked, "authorization")).toEqual([]);
    expect(valuesOf(arrived.asked, "authorization")).toEqual([`Bearer ${testKey}`]);
    expect(afterHead(sent.asked).length).toBeGreaterThan(10_000);
    expect(afterHead(arrived.asked)).toBe(afterHead(sent.asked));
    expect(linesToKeep(sent.answered)).toEqual(linesToKeep(arrived.answered));
    expect(afterHead(sent.answered)).toBe(afterHead(arrived.answered));
  });

  test("gets its answer from the mock over one WebSocket", async () => {
    await using relay = await startRelay({ mock: "true" });

    const { code, stdout, stderr } = await sayHello(relay.url);

    expect(stdout, stderr).toContain('You said: "Say hello"');
    expect(code).toBe(0);
    expect(stderr).not.toContain("Reconnecting");
    const { status } = await relay.nextOutcome();
    expect([status, relay.outcomes.length]).toEqual([101, 1]);
  });

  test.each([
    ["the relay does not let it", { websocket: "false" }],
    ["upstream refuses it", {}],
  ])("falls back to HTTP at once when it wants a WebSocket and %s", async (_, settings) => {
    await using mock = await startRelay({ mock: "true", websocket: "false" });
    await using relay = await startRelay({ upstream: mock.url, ...settings });

    const { code, stdout, stderr } = await sayHello(relay.url);

    expect(stdout, stderr).toContain('You said: "Say hello"');
    expect(code).toBe(0);
    // 426 makes it fall back at once; anything else costs it seconds of retries.
    expect(stderr).not.toContain("Reconnecting");
    expect(relay.outcomes.map(({ status }) => status).sort()).toEqual([200, 426]);
  });
});

function only<T>(all: T[]): T {
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** The header lines but those that belong to one connection, or are the relay's own. */
function linesToKeep(bytes: string): string[] {
  return linesOf(bytes).filter(
    (line) => !/^(?:host|authorization|connection|upgrade):/i.test(line),
  );
}

function afterHead(bytes: string): string {
  return bytes.slice(bytes.indexOf("\r\n\r\n") + 4);
}
