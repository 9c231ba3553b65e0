import fc from "fast-check";
import { expect, test } from "vitest";
import { storedTokens, tokenFile } from "../../src/config/client-tokens.ts";
import { match } from "../../src/config/pattern.ts";
import { isTrusted } from "../../src/config/trust.ts";
import { RelayError } from "../../src/errors.ts";
import type { Exchange } from "../../src/exchange.ts";
import { fromEnvFile } from "../../src/key/environment.ts";
import { fromFile } from "../../src/key/file.ts";
import { readKey } from "../../src/key/holder.ts";
import type { Source } from "../../src/key/source.ts";
import { createRequestCheck } from "../../src/policy/requests.ts";
import { tellable } from "../../src/tellable.ts";
import { canaries, leaksIn } from "../support/canaries.ts";
import { createFolder } from "../support/folder.ts";
import { fuzz, limits, textOf } from "../support/fuzz.ts";
import { load } from "../support/settings.ts";

const { client: secret } = canaries;

test("of any text that holds a secret, the secret is not told", limits, async () => {
  const around = textOf("/", "http://", "%2F", "v1", "-", "_", ".", "sk", " ");
  const kinds = fc.constantFrom(
    ...Object.values(canaries).filter((one) => !one.includes("purple")),
  );

  await fuzz(fc.tuple(around, kinds, around), ([before, one, after]) => {
    const told = tellable(before + one + after);

    expect(leaksIn([{ where: "told", text: told }])).toEqual([]);
    expect(told).toMatch(/^[\x20-\x7e…]*$/);
  });
});

test("a denied path is denied however it is spelled", limits, async () => {
  const { config } = await load({ flags: { "policy.deny": ["/v1/files*"] }, config: false });
  const check = createRequestCheck(config, true)!;
  const spell = fc.constantFrom<(c: string) => string>(
    (c) => c,
    (c) => c.toUpperCase(),
    (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
    (c) => (c === "/" ? "//" : c),
    (c) => (c === "/" ? ";x=1/" : c),
    (c) => (c === "/" ? "\\" : c),
    (c) => `%25${c.charCodeAt(0).toString(16)}`,
  );
  const word = fc.constantFrom(
    "/v1/files",
    "/files",
    "/v1/files/abc",
    "/v1/v1/files/",
    "/files/a?b",
  );

  await fuzz(fc.tuple(word, fc.array(spell, { minLength: 20, maxLength: 20 })), ([plain, how]) => {
    const [path, query = ""] = plain.split("?") as [string, string?];
    const target = `/${[...path.slice(1)].map((c, i) => how[i]!(c)).join("")}?${query}`;
    const asked = { method: "GET", target, headers: [] as string[] } as Exchange;

    expect(check(asked, false)?.code, target).toBe("policy_denied");
  });
});

test("a pattern matches what the same regular expression does", limits, async () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "/", "*", ".", "(", "ab"), { maxLength: 8 });
  const value = fc.array(fc.constantFrom("a", "b", "/", ".", "(", "*"), { maxLength: 12 });

  await fuzz(fc.tuple(pattern, value), ([pieces, letters]) => {
    const escaped = pieces.map((piece) => (piece === "*" ? ".*" : piece.replace(/\W/g, "\\$&")));
    const isMatch = new RegExp(`^${escaped.join("")}$`, "s").test(letters.join(""));

    expect(match(pieces.join(""), letters.join("")) !== undefined).toBe(isMatch);
  });
});

test("a key is one word of any source, or nothing of it is told", limits, async () => {
  using folder = createFolder();
  const text = textOf(
    secret,
    "OPENAI_API_KEY",
    "=",
    "export ",
    "Bearer ",
    '"',
    "\ufeff",
    "\n",
    "#",
  );

  await fuzz(fc.tuple(text, fc.boolean()), async ([content, isEnvFile]) => {
    const file = folder.write("key", content);
    const source: Source | undefined = isEnvFile
      ? fromEnvFile(file, "OPENAI_API_KEY")
      : fromFile(file);
    const found = source && readKey(source, new AbortController().signal);
    const key = await found?.catch((error: unknown) => error);

    if (key instanceof RelayError) {
      expect(key.code).toBe("key_missing");
      expect(leaksIn([{ where: "message", text: key.message }])).toEqual([]);
    } else expect(key ?? "-").toMatch(/^[\x21-\x7e]+$/);
  });
});

test("no file of tokens or of trust lets anybody in by accident", limits, async () => {
  using folder = createFolder({ "relay.config.json": {} });
  const env = { HOME: folder.path, XDG_STATE_HOME: folder.path };
  const { path } = tokenFile(env);
  const entry = fc.dictionary(
    fc.constantFrom("name", "sha256", "created", "expires", "__proto__"),
    fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom("0".repeat(63), "2026-01-01T00:00:00Z"),
    ),
  );
  const content = fc.oneof(
    fc.record({ version: fc.integer(), tokens: fc.array(entry), files: entry }),
    fc.jsonValue(),
    textOf("{", "}", "[", '"tokens"', '"files"', ":", ","),
  );

  await fuzz(content, (written) => {
    for (const name of ["tokens", "trusted"])
      folder.write(path.slice(folder.path.length + 1).replace("tokens", name), written);

    expect(storedTokens(env)).toEqual([]);
    expect(isTrusted(folder.at("relay.config.json"), env)).toBe(false);
  });
});
