import * as crypto from "node:crypto";
import { expect, test, vi } from "vitest";
import { createToken } from "../src/config/client-tokens.ts";
import { gather } from "../src/server/facts.ts";
import { createTokenCheck } from "../src/server/tokens.ts";
import { createFolder } from "./support/folder.ts";
import { load } from "./support/settings.ts";

// Counts what is compared in constant time; everything else is Node's own.
vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

test("what is given is compared with every token, in constant time, whichever it is", async () => {
  using home = createFolder();
  const env = { HOME: home.path, RELAY_TOKENS: "a-token-of-somebody,a-token-of-another" };
  const { config } = await load({ env });
  const made = Array.from({ length: 5 }, () => createToken(env, {}).token);
  const check = createTokenCheck(config, env);
  const compared = vi.mocked(crypto.timingSafeEqual);

  const given = ["a-token-of-somebody", made[0]!, made[4]!, `${made[0]!.slice(0, -1)}!`];
  const unknown = `relay_${"x".repeat(43)}`;
  const clients = [...given, unknown].map((token) => {
    compared.mockClear();
    const { client } = check(gather(["Authorization", `Bearer ${token}`]));
    return [client, compared.mock.calls.length];
  });

  expect(clients).toEqual([
    ["token 1", 2],
    ["client-1", 7],
    ["client-5", 7],
    [undefined, 2],
    [undefined, 7],
  ]);
  for (const [one, other] of compared.mock.calls)
    expect([one.byteLength, other.byteLength]).toEqual([32, 32]);
});

test("what cannot be a token costs nothing where none is configured", async () => {
  using home = createFolder();
  const env = { HOME: home.path };
  const { config } = await load({ env });
  createToken(env, {});
  const check = createTokenCheck(config, env);
  const compared = vi.mocked(crypto.timingSafeEqual);
  compared.mockClear();

  expect(check(gather(["Authorization", "Bearer sk-own", "api-key", "own"]))).toEqual({});
  expect(compared).not.toHaveBeenCalled();
});
