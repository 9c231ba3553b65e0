import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { createFolder } from "./support/folder.ts";

// GitHub runs these; here it shows whether they fit together, and what their scripts do.

type Step = { run?: string; uses?: string; env?: Record<string, string> };
type Job = {
  steps?: Step[];
  uses?: string;
  needs?: string;
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
};
type Workflow = { on: object; permissions?: Record<string, string>; jobs: Record<string, Job> };

const root = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const workflows = globSync(".github/workflows/*.yml", { cwd: root }).map((file) => {
  return [file, load(readFileSync(join(root, file), "utf8")) as Workflow] as const;
});
const jobs = workflows.flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => [`${file}: ${name}`, job, workflow] as const),
);
const folder = ".github/actions/relay";
const action = load(readFileSync(join(root, folder, "action.yml"), "utf8")) as {
  inputs: Record<string, { description: string; default: string }>;
  runs: { using: string; steps: Step[] };
};

test("there are the two that the README speaks of", () => {
  expect(workflows.map(([file]) => file).sort()).toEqual([
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
  ]);
});

test.each(workflows)(
  "%s gives nobody more than reading, and no stranger a secret",
  (_file, workflow) => {
    expect(Object.values(workflow.permissions!).filter((right) => right !== "read")).toEqual([]);
    expect(workflow.on).not.toHaveProperty("pull_request_target");
    expect(JSON.stringify(workflow)).not.toContain("secrets.");
  },
);

describe.each(jobs)("%s", (_name, job, workflow) => {
  const steps = job.steps ?? [];

  test("waits for jobs that there are, and not for ever", () => {
    if (job.needs) expect(Object.keys(workflow.jobs)).toContain(job.needs);
    if (!job.uses) expect(job["timeout-minutes"]).toBeGreaterThan(0);
  });

  test("uses GitHub's own actions, and files of this repository", () => {
    for (const used of [job.uses, ...steps.map(({ uses }) => uses)])
      if (used?.startsWith("./")) {
        const exists = [used, `${used}/action.yml`].some((file) => existsSync(join(root, file)));
        expect(exists, used).toBe(true);
      } else if (used) expect(used).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });

  test("runs scripts that there are, and nothing that others wrote", () => {
    for (const { run } of steps) {
      if (run === undefined) continue;
      expect(run).not.toContain("${{");
      expect(spawnSync("bash", ["-n"], { input: run }).status, run).toBe(0);
      for (const [, script] of run.matchAll(/\bnpm (?:run )?(test|(?<=run )[\w:-]+)/g))
        expect(Object.keys(scripts)).toContain(script);
      for (const [, file] of run.matchAll(/\b(?:bash|test) (\S+(?:\/run|\.test\.ts))/g))
        expect(existsSync(join(root, file!)), file).toBe(true);
    }
  });

  test("who may write runs no code of others", () => {
    const mayWrite = Object.values(job.permissions ?? {}).includes("write");
    const installs = steps.some(
      ({ run, uses }) => /npm (?:ci|run)/.test(run ?? "") || uses === "./",
    );

    expect(mayWrite && installs).toBe(false);
  });
});

describe("the steps that publish", () => {
  const { jobs } = workflows.find(([file]) => file.endsWith("release.yml"))![1];
  const scriptWith = (job: string, word: string) =>
    jobs[job]!.steps!.find(({ run }) => run?.includes(word))!.run!;

  test.each([
    ["v1.2.0", "./openai-relay-1.2.0.tgz --provenance --access public --tag latest"],
    ["v1.2.0-rc.1", "./openai-relay-1.2.0-rc.1.tgz --provenance --access public --tag next"],
  ])("%s goes to npm with proof of its origin", (tag, args) => {
    using stage = createStage();

    stage.run(scriptWith("npm", "npm publish"), { GITHUB_REF_NAME: tag });

    expect(stage.calls()).toEqual([`npm publish ${args}`]);
  });

  test("all files go to the release on GitHub but the notes, which are its text", () => {
    using stage = createStage({ "in/notes.md": "", "in/SHA256SUMS": "", "in/relay.exe": "" });

    stage.run(scriptWith("github", "gh release"), { GITHUB_REF_NAME: "v1.2.0" }, "in");

    expect(stage.calls()).toEqual([
      "gh release create v1.2.0 ./SHA256SUMS ./relay.exe --verify-tag --latest --title openai-relay 1.2.0 --notes-file ../notes.md",
    ]);
    expect(stage.has("notes.md")).toBe(true);
  });
});

describe("the action for others", () => {
  const [step] = action.runs.steps;
  const start = (inputs: Record<string, string>) => {
    const stage = createStage();
    const values = Object.entries(step!.env!).map(([name, value]) => {
      const input = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)![1]!;
      return [name, inputs[input] ?? action.inputs[input]!.default];
    });
    const ended = stage.run(step!.run!, {
      ...Object.fromEntries(values),
      GITHUB_ACTION_PATH: join(root, folder),
      RUNNER_TEMP: stage.at("temp"),
    });
    return Object.assign(stage, { ended });
  };

  test("hands every input on in a variable, and none to a shell", () => {
    expect(action.runs.using).toBe("composite");
    expect(action.runs.steps).toHaveLength(1);
    expect(step!.run).not.toContain("${{");
    expect(Object.keys(step!.env!)).toHaveLength(Object.keys(action.inputs).length);
  });

  test("takes what the README says", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) =>
      load(text!),
    );
    const [used] = blocks.find(Array.isArray) as { uses: string; with: object }[];

    expect(used!.uses).toBe(`OWNER/openai-relay/${folder}@v0.1.0`);
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(used!.with)));
  });

  test("checks, with the version that it came with", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    using stage = start({ args: "--strict" });

    expect(stage.calls()).toEqual([
      expect.stringMatching(
        new RegExp(`^npm install .*--ignore-scripts .* openai-relay@${version}$`),
      ),
      "relay check --strict",
    ]);
  });

  test("runs a command, and passes its exit code on; no shell reads the arguments", () => {
    const args = `-- sh -c 'exit 3' "two words" $(touch here) ; \`touch here\` > here $HOME *`;
    using stage = start({ command: "run", mock: "true", args });

    expect(stage.calls()[1]).toBe(
      "relay run --mock -- sh -c exit 3 two words $(touch here) ; `touch here` > here $HOME *",
    );
    expect(stage.words()).toContain("<exit 3><two words><$(touch><here)>");
    expect(stage.has("here")).toBe(false);
    expect(stage.seen()).not.toMatch(/^ACTION_/m);
    expect(stage.ended.status).toBe(3);
  });

  test.each([
    [{ command: "start; id" }, /"command" is check or run/],
    [{ mock: "yes" }, /"mock" is true or false/],
    [{ args: "'open" }, /quote in the input "args"/],
    [{ version: "--global" }, /"version" is neither/],
    [{ version: "1 other-package" }, /"version" is neither/],
    [{ version: "git+https://example.com/x" }, /"version" is neither/],
  ])("refuses %j before it installs anything", (inputs, message) => {
    using stage = start(inputs);

    expect(stage.ended.stdout).toMatch(/^::error title=openai-relay::/m);
    expect(stage.ended.stdout).toMatch(message);
    expect(stage.ended.status).toBe(2);
    expect(stage.calls()).toEqual([]);
  });
});

/** A folder in which npm and gh only write down how they are called; npm "installs" such a relay. */
function createStage(files: Record<string, string> = {}) {
  const stage = createFolder({ "in/.keep": "", ...files });
  const write = `{ printf '%s' "\${0##*/}"; printf ' %s' "$@"; echo; } >>"${stage.path}/calls"
{ printf '<%s>' "$@"; echo; } >>"${stage.path}/words"
env >>"${stage.path}/seen"
`;
  const relay = `#!/bin/sh\n${write}case "$*" in *"exit 3"*) exit 3 ;; esac\n`;
  const bin = `${stage.path}/temp/openai-relay/node_modules/.bin`;
  stage.write("bin/relay", relay, 0o755);
  const install = `[ "$1" != install ] || { mkdir -p "${bin}"; cp "${stage.path}/bin/relay" "${bin}"; }\n`;
  stage.write("bin/npm", `#!/bin/sh\n${write}${install}`, 0o755);
  stage.write("bin/gh", `#!/bin/sh\n${write}`, 0o755);
  const PATH = [stage.at("bin"), join(process.execPath, ".."), process.env.PATH].join(delimiter);
  const read = (name: string) => (stage.has(name) ? readFileSync(stage.at(name), "utf8") : "");
  return Object.assign(stage, {
    run: (script: string, env: Record<string, string>, cwd = ".") =>
      spawnSync("bash", ["-eo", "pipefail", "-c", script], {
        cwd: stage.at(cwd),
        env: { HOME: stage.path, PATH, ...env },
        encoding: "utf8",
      }),
    calls: () => read("calls").split("\n").filter(Boolean),
    words: () => read("words"),
    seen: () => read("seen"),
  });
}
