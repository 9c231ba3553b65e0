import { describe, expect, test, vi } from "vitest";
import { tellOf } from "../src/key/fingerprint.ts";
import { faultOf } from "../src/key/form.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { startRelay } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { startUpstream } from "./support/upstream.ts";

// Some tests start programs, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const key = "sk-proj-abcdefghijklmnopqrstuvw3fA9";

const malformed: [given: string, what: RegExp][] = [
  [`"${key}"`, /quotes/],
  [`'${key}'`, /quotes/],
  [`“${key}”`, /quotes/],
  [`Bearer ${key}`, /"Bearer"/],
  [`OPENAI_API_KEY=${key}`, /assignment/],
  [`${key} ${key}`, /white space/],
  [`${key}\n${key}`, /white space/],
  [`${key}é`, /characters/],
  [`${key}\x7f`, /characters/],
];

describe("the form of a key", () => {
  test.each([...malformed, ["", /empty/], ["relay", /clients/]] as [string, RegExp][])(
    "%j is no key",
    (given, what) => {
      const fault = faultOf(given);

      expect(fault?.what).toMatch(what);
      expect(JSON.stringify(fault)).not.toContain("abcdef");
    },
  );

  test.each([key, "0123456789abcdef", "a", "relays", "odd/key+of=somebody"])(
    "%j may be one",
    (given) => {
      expect(faultOf(given)).toBeUndefined();
    },
  );

  test.each([
    [key, "sk-proj-…3fA9", "project key"],
    ["sk-svcacct-abcdefghijklmnop", "sk-svcacct-…mnop", "service account key"],
    ["sk-admin-abcdefghijklmnop", "sk-admin-…mnop", "admin key"],
    ["sk-abcdefghijklmnopqrstuv", "sk-…stuv", "user key"],
    ["0123456789abcdef0123456789abcdef", "…cdef", "of an unknown kind"],
    ["sk-short", "sk-…", "user key"],
  ])("of %s only %s is told", (given, form, kind) => {
    expect(tellOf(given)).toMatchObject({
      form,
      kind,
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  test("two keys have two fingerprints", () => {
    expect(tellOf(key).fingerprint).toBe("0991643a");
    expect(tellOf(`${key}x`).fingerprint).not.toBe("0991643a");
  });
});

describe("a malformed key of the environment", () => {
  test.each(malformed.filter(([given]) => !given.includes("\n")))(
    "%j: calls are refused with the reason, and nothing goes up",
    async (given, what) => {
      await using upstream = await startUpstream();
      await using relay = await startRelay(
        { upstream: upstream.url },
        { env: { OPENAI_API_KEY: given } },
      );

      const answer = await fetch(`${relay.url}/v1/models`);

      expect([answer.status, answer.headers.get("x-relay-error")]).toEqual([401, "key_missing"]);
      const message = await messageOf(answer);
      expect(message).toMatch(what);
      expect(message).not.toContain("abcdef");
      expect(upstream.connections).toBe(0);
    },
  );

  test("is told at the start, which serves", async () => {
    const env = { OPENAI_API_KEY: `"${key}"`, OPENAI_ADMIN_KEY: `Bearer ${key}` };
    await using relay = startCommand(["start", "--port", "0"], { env });

    await relay.until("stdout", /^http/);

    expect(relay.stderr).toMatch(/OPENAI_API_KEY \(environment\) has quotes around it/);
    expect(relay.stderr).toMatch(/OPENAI_ADMIN_KEY \(environment\) begins with "Bearer"/);
    expect(relay.stderr).not.toContain("abcdef");
  });

  test("fails the check, with what to do", async () => {
    const env = { OPENAI_API_KEY: `"${key}"` };

    const { code, stdout } = await runCommand(["check", "--upstream", "http://127.0.0.1:1"], {
      env,
    });

    expect(code).toBe(4);
    expect(stdout).toMatch(/key .*has quotes[\s\S]*around it.*\n.*Next: Take the quotes away\./);
    expect(stdout).not.toContain("abcdef");
  });
});

describe("OPENAI_API_KEY=relay, which is what clients send", () => {
  const env = { OPENAI_API_KEY: "relay" };

  test("is no key, and relay start says so", async () => {
    await using relay = startCommand(["start", "--port", "0", "--no-keychain"], { env });

    await relay.until("stdout", /^http/);

    expect(relay.stderr).toMatch(/OPENAI_API_KEY is "relay", which stands for a key/);
    expect(relay.stderr).toMatch(/Key +none/);
  });

  test("fails the check", async () => {
    const args = ["check", "--no-keychain", "--upstream", "http://127.0.0.1:1"];

    const { code, stdout } = await runCommand(args, { env });

    expect(code).toBe(4);
    expect(stdout).toMatch(/OPENAI_API_KEY is "relay", which stands for a key/);
  });

  test("does not stand in the way of a key from elsewhere", async () => {
    await using upstream = await startUpstream();
    const command = { RELAY_KEY_COMMAND: `echo ${key}` };
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { ...env, ...command, PATH: process.env.PATH } },
    );

    await fetch(`${relay.url}/v1/models`);

    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });
});
