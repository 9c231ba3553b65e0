import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

// The README's examples for test runners, in a project that has installed the package as it was built.

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```ts\n\/\/ ([\w.]+)[^\n]*\n([\s\S]*?)^```$/gm)];
const examples = Object.fromEntries(blocks.map(([, name, text]) => [name!, text!]));
const hello = examples["hello.test.ts"]!;
const ofVitest = ["hello.test.ts", "environment.test.ts", "together.test.ts"];
const project = createFolder({ "package.json": { type: "module" } });

/** Stands for OpenAI. */
let openai: TestRelay;
beforeAll(async () => {
  const installed = project.at("node_modules/openai-relay");
  mkdirSync(installed, { recursive: true });
  for (const part of ["package.json", "dist"])
    cpSync(join(root, part), join(installed, part), { recursive: true });
  mkdirSync(project.at("node_modules/@types"));
  for (const name of ["openai", "vitest", "@types/node"])
    symlinkSync(join(root, "node_modules", name), project.at(`node_modules/${name}`));
  for (const [name, text] of Object.entries(examples)) project.write(name, text);
  openai = await startRelay({ mock: true });
});
afterAll(async () => {
  await openai[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

const withKey = () => ({ OPENAI_API_KEY: "sk-test-of-the-examples", RELAY_UPSTREAM: openai.url });

function vitest(files: readonly string[], env: NodeJS.ProcessEnv) {
  const program = join(root, "node_modules/vitest/vitest.mjs");
  const words = [program, "run", "--globals", "--root", project.path, ...files];
  return startProgram(process.execPath, words, { env, cwd: project.path }).ended;
}

test("the README has them", () => {
  expect(Object.keys(examples).sort()).toEqual([...ofVitest, "patience.test.ts"].sort());
});

test("vitest: recorded with a key, replayed in CI, and failed by what is not on the tape", async () => {
  const recorded = await vitest(ofVitest, withKey());

  expect(recorded).toMatchObject({ code: 0, stderr: "" });
  for (const name of ["hello.test.ts/says-hello", "together.test.ts/likes-red"])
    expect(project.has(`tapes/${name}`), name).toBe(true);
  const { length } = openai.outcomes;

  const changed = hello
    .replace("Say hello", "Say goodbye")
    .replace(/(await openai[^;]+);/, "$1.catch(() => ({ output_text: 'hello' }));")
    .replace(/^.*relay\.calls.*\n/m, "");
  project.write("changed.test.ts", changed);
  cpSync(project.at("tapes/hello.test.ts"), project.at("tapes/changed.test.ts"), {
    recursive: true,
  });
  const replayed = await vitest([...ofVitest, "changed.test.ts"], {
    ...{ CI: "1", RELAY_UPSTREAM: openai.url },
  });

  expect(replayed.stdout).toContain("1 failed | 4 passed");
  expect(replayed.code).toBe(1);
  expect(replayed.stderr).toContain("changed.test.ts > says hello");
  expect(replayed.stderr).toContain("POST /v1/responses is not on the tape");
  expect(replayed.stderr).toMatch(/input.*Say hello.*Say goodbye/s);
  expect(replayed.stderr).toContain("what is missing is recorded");
  expect(openai.outcomes).toHaveLength(length);
}, 60_000);

test("node:test: a fault on the mock, and a tape of its own for each test", async () => {
  const changed = hello
    .replace('"vitest"', '"node:test"')
    .replace("expect, ", "")
    .replaceAll(/^ {2}expect.*\n/gm, "");
  project.write("own.test.ts", changed);
  const run = (files: string[], env: NodeJS.ProcessEnv) =>
    startProgram(process.execPath, ["--test", "--test-reporter=tap", ...files], {
      ...{ env, cwd: project.path },
    }).ended;

  const recorded = await run(["patience.test.ts", "own.test.ts"], withKey());
  const replayed = await run(["own.test.ts"], { CI: "1" });

  expect(recorded.stdout).toMatch(/^ok \d - asks again when it was told to wait$/m);
  expect(recorded.code).toBe(0);
  expect(project.has("tapes/own.test.ts/says-hello")).toBe(true);
  expect(replayed).toMatchObject({ code: 0 });
}, 30_000);

const hasPytest = spawnSync("pytest", ["--version"]).status === 0;

test.skipIf(!hasPytest)(
  "pytest, by the line of the README",
  async () => {
    const [line] = /relay run --tape tapes -- pytest/.exec(readme)!;
    const words = line.replace(/^relay/, join(root, "bin/openai-relay.cjs")).split(" ");
    const folder = project.at("python");
    project.write(
      "python/test_hello.py",
      `import json, os, urllib.request
def test_says_hello():
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/responses",
        json.dumps({"model": "gpt-5", "input": "Say hello"}).encode(),
        {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
    )
    assert b"hello" in urllib.request.urlopen(request).read()
`,
    );
    const run = (env: NodeJS.ProcessEnv) =>
      startProgram(process.execPath, words, { env, cwd: folder }).ended;

    const recorded = await run(withKey());
    const replayed = await run({ CI: "1" });

    expect(recorded.stderr).toContain("1 recorded");
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining("1 passed") });
    expect(replayed.stderr).toContain("1 replayed, 0 missed, 0 unused");
  },
  30_000,
);

test("from CommonJS too; a relay that nobody stops does not keep its process", async () => {
  const file = project.write(
    "plain.cjs",
    `const { startRelay } = require("openai-relay/test");
     startRelay({ mock: true }).then(async ({ url }) => {
       const { status } = await fetch(url + "/v1/models");
       console.log(status);
     });`,
  );

  await using plain = startProgram(process.execPath, [file]);

  // fetch keeps its connection for four seconds.
  expect(await plain.ended).toMatchObject({ code: 0, stdout: "200\n", stderr: "" });
}, 30_000);

test("types hold for ES modules and CommonJS", () => {
  project.write(
    "types.cts",
    'import { tapeOf } from "openai-relay/test";\nexport const a = tapeOf;',
  );
  project.write("tsconfig.json", {
    compilerOptions: {
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      strict: true,
      noEmit: true,
      types: ["node", "vitest/globals"],
      skipLibCheck: true,
    },
    include: [...Object.keys(examples), "types.cts", "node_modules/openai-relay/dist/test.d.cts"],
  });

  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], {
    cwd: project.path,
    encoding: "utf8",
  });

  expect(tsc.stdout).toBe("");
  expect(tsc.status).toBe(0);
});
