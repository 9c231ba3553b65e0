import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createToken, isExpired, storedTokens } from "../src/config/client-tokens.ts";
import { toExpiry } from "../src/config/expiry.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

const shape = /^relay_[\w-]{43}\n$/;
const windows = process.platform === "win32";

/** A user with an empty home. */
function createHome() {
  const folder = createFolder();
  const env = { HOME: folder.path };
  return {
    env,
    state: folder.at(".local/state/openai-relay"),
    file: folder.at(".local/state/openai-relay/tokens.json"),
    write: (content: string) => folder.write(".local/state/openai-relay/tokens.json", content),
    token: (...args: string[]) => runCommand(["token", ...args], { env }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("new prints a token alone on stdout, another each time, and keeps nothing but its hash", async () => {
  using home = createHome();

  const named = await home.token("new", "--name", "ci", "--expires", "30d");
  const numbered = await home.token("new");

  expect(named).toMatchObject({ code: 0, stdout: expect.stringMatching(shape) });
  expect(named.stderr).toMatch(/^Token "ci" lets clients in until \d{4}-\d\d-\d\dT\d\d:\d\dZ\./);
  expect(numbered).toMatchObject({ code: 0, stdout: expect.stringMatching(shape) });
  expect(numbered.stderr).toContain('"client-2" lets clients in until it is removed');
  expect(numbered.stdout).not.toBe(named.stdout);
  for (const { stdout } of [named, numbered])
    expect(readFileSync(home.file, "utf8")).not.toContain(stdout.trim().slice(6, 20));
});

test.skipIf(windows)("what is kept is for the user alone, with no scraps beside it", async () => {
  using home = createHome();
  await home.token("new");
  await home.token("new");

  expect(statSync(home.file).mode & 0o777).toBe(0o600);
  expect(statSync(home.state).mode & 0o777).toBe(0o700);
  expect(readdirSync(home.state)).toEqual(["tokens.json"]);
});

test("ls lists names and times, as a table and as JSON, and no hash", async () => {
  using home = createHome();
  createToken(home.env, { name: "old", expires: new Date(Date.now() - 60_000) });
  await home.token("new", "--name", "ci", "--expires", "2030-01-31");

  const table = await home.token("ls");
  const json = await home.token("ls", "--json");

  const [head, old, ci, ...rest] = table.stdout.trimEnd().split("\n");
  expect(head).toMatch(/^NAME +CREATED +EXPIRES$/);
  expect(old).toMatch(/^old +\d{4}-\S+Z +\d{4}-\S+Z \(expired\)$/);
  expect(ci).toMatch(/^ci +\d{4}-\S+Z +2030-0[12]-\S+Z$/);
  expect(rest).toEqual([]);
  expect(JSON.parse(json.stdout)).toEqual([
    { name: "old", created: expect.any(String), expires: expect.any(String), expired: true },
    { name: "ci", created: expect.any(String), expires: expect.any(String), expired: false },
  ]);
  for (const { sha256 } of storedTokens(home.env))
    expect(table.stdout + json.stdout).not.toContain(sha256.slice(0, 8));
});

test("rm removes the one of that name; without tokens ls says what to do", async () => {
  using home = createHome();
  createToken(home.env, { name: "ci" });

  const wrong = await home.token("rm", "cd");
  const right = await home.token("rm", "CI");
  const list = await home.token("ls");
  const json = await home.token("ls", "--json");

  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain('no token named "cd"');
  expect(right).toMatchObject({ code: 0, stdout: "" });
  expect(right.stderr).toContain('Token "ci" is removed');
  expect(list).toMatchObject({ code: 0, stdout: "" });
  expect(list.stderr).toContain("relay token new");
  expect(json.stdout).toBe("[]\n");
});

test.each([
  [["--name", "CI"], 'There is a token named "CI" already.'],
  [["--name", "a b"], "--name: take up to 64 letters"],
  [["--name", ""], "--name: "],
  [["--name", "\u001b[31m"], "--name: "],
  [["--expires", "soon"], '--expires: give a time from now such as "12h"'],
  [["--expires", "2020-02-20"], "has passed"],
  [["--expires", "0d"], "has passed"],
])("new %j is refused and makes none", async (args, says) => {
  using home = createHome();
  createToken(home.env, { name: "ci" });

  const { code, stdout, stderr } = await home.token("new", ...args);

  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(says);
  expect(storedTokens(home.env)).toHaveLength(1);
});

test("help shows how", async () => {
  const { stdout } = await runCommand(["token", "--help"]);

  for (const example of ["relay token new --name ci --expires 30d", "relay token rm ci"])
    expect(stdout).toContain(example);
});

const now = new Date("2030-01-01T00:00:00Z");
const endOf = (year: number, month: number, day: number) => new Date(year, month - 1, day + 1);

test.each([
  ["90m", new Date("2030-01-01T01:30:00Z")],
  ["12h", new Date("2030-01-01T12:00:00Z")],
  ["30d", new Date("2030-01-31T00:00:00Z")],
  ["2w", new Date("2030-01-15T00:00:00Z")],
  ["2030-02-28", endOf(2030, 2, 28)],
  ["2032-02-29", endOf(2032, 2, 29)],
  ["2030-02-28T12:00Z", new Date("2030-02-28T12:00:00Z")],
  ["2030-02-29", undefined],
  ["2030-13-01", undefined],
  ["2030-01-01T25:00", undefined],
  ["-1d", undefined],
  ["1", undefined],
  ["d", undefined],
  ["9999999d", undefined],
  ["tomorrow", undefined],
])("--expires %s ends as one would think", (text, end) => {
  expect(toExpiry(text, now)).toEqual(end);
});

test("twenty that are made at once are all there", async () => {
  using home = createHome();

  const made = await Promise.all(Array.from({ length: 20 }, () => home.token("new")));

  expect(made.map(({ code }) => code)).toEqual(Array(20).fill(0));
  const names = storedTokens(home.env).map(({ name }) => Number(name.replace("client-", "")));
  expect(names.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
}, 60_000);

/** Makes tokens until it is killed; prints the name of each once it is kept. */
const maker = `
import { writeSync } from "node:fs";
import { createToken } from ${JSON.stringify(new URL("../src/config/client-tokens.ts", import.meta.url))};
for (;;) writeSync(1, createToken(process.env, {}).stored.name + "\\n");
`;

test.each([1, 2, 3, 5, 8])(
  "a kill in the middle of writes leaves a whole file with all that was said to be kept (%i)",
  async (count) => {
    using home = createHome();
    const args = ["--input-type=module", "-e", maker];
    const child = spawn(process.execPath, args, {
      env: home.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    child.stdout.on("data", (chunk: Buffer) => {
      told += chunk;
      if (told.split("\n").length > count) child.kill("SIGKILL");
    });
    await once(child, "close");

    const names = storedTokens(home.env).map(({ name }) => name);
    const said = told.trimEnd().split("\n");
    expect(said.length).toBeGreaterThanOrEqual(count);
    expect(names.slice(0, said.length)).toEqual(said);
    // At most the one that it was about to tell of.
    expect(names.length - said.length).toBeLessThanOrEqual(1);

    // Whoever comes later does not wait for the dead.
    const lock = `${home.file}.lock`;
    if (existsSync(lock)) utimesSync(lock, 0, 0);
    expect((await home.token("new", "--name", "next")).code).toBe(0);
    expect(storedTokens(home.env).at(-1)?.name).toBe("next");
    expect(existsSync(lock)).toBe(false);
  },
  30_000,
);

test("a lock whose owner was killed is taken over, by one of many", async () => {
  using home = createHome();
  createToken(home.env, { name: "first" });
  writeFileSync(`${home.file}.lock`, "");
  utimesSync(`${home.file}.lock`, 0, 0);

  const made = await Promise.all(Array.from({ length: 5 }, () => home.token("new")));

  expect(made.map(({ code }) => code)).toEqual(Array(5).fill(0));
  expect(storedTokens(home.env)).toHaveLength(6);
}, 30_000);

test("a damaged file lets nobody in and is not written over", async () => {
  using home = createHome();
  home.write('{ "tokens": [');

  const { code, stdout, stderr } = await home.token("new");

  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain(`${home.file} is damaged`);
  expect(readFileSync(home.file, "utf8")).toBe('{ "tokens": [');
  expect(storedTokens(home.env)).toEqual([]);
});

test("an entry that is none does not take the others with it", () => {
  using home = createHome();
  createToken(home.env, { name: "good" });
  const content = JSON.parse(readFileSync(home.file, "utf8"));
  const [good] = content.tokens;
  const bad = [null, 1, {}, { ...good, sha256: "" }, { ...good, expires: "never" }];
  home.write(JSON.stringify({ ...content, tokens: [...bad, good] }));

  expect(storedTokens(home.env)).toEqual([good]);
});

test("whatever the file says, only what is whole counts as a token", () => {
  using home = createHome();
  const time = fc.constantFrom("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "never", "", 0);
  const digest = fc.constantFrom("0".repeat(64), "0".repeat(63), "G".repeat(64), null);
  const entry = fc.record(
    { name: fc.oneof(fc.string(), fc.nat()), sha256: digest, created: time, expires: time },
    { requiredKeys: [] },
  );
  const list = fc.record({ tokens: fc.array(fc.oneof(entry, fc.jsonValue())) });
  const content = fc.oneof(list, fc.jsonValue()).map((value) => JSON.stringify(value));
  let counted = 0;

  fc.assert(
    fc.property(fc.oneof(content, fc.string()), (text) => {
      home.write(text);
      for (const { name, sha256, created, expires = "2999" } of storedTokens(home.env)) {
        expect(typeof name).toBe("string");
        expect(sha256).toBe("0".repeat(64));
        expect(Date.parse(created) + Date.parse(expires)).not.toBeNaN();
        counted++;
      }
    }),
    { numRuns: 500 },
  );
  expect(counted).toBeGreaterThan(0);
});

test.each([
  [undefined, false],
  ["2999-01-01T00:00:00Z", false],
  ["2020-01-01T00:00:00Z", true],
  ["2999-01-01T00:00:00+00", true],
  ["never", true],
])("a token that ends at %s: expired is %s", (expires, expired) => {
  expect(isExpired(expires === undefined ? {} : { expires })).toBe(expired);
});

test.skipIf(windows)("a folder that cannot be written is said", () => {
  using folder = createFolder({ file: "" });
  const env = { XDG_STATE_HOME: folder.at("file") };

  expect(() => createToken(env, {})).toThrow(/tokens\.json cannot be written \(ENOTDIR\)/);
});
