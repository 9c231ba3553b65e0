import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { notesOf } from "../bin/release/notes.ts";
import { isLater, nextVersion } from "../bin/release/version.ts";
import { startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

// The script of a release, in a small repository whose checks and builds take no time.

const script = join(import.meta.dirname, "../bin/release/release.ts");
const identity = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

const sbom = {
  metadata: { component: { "bom-ref": "openai-relay@0" } },
  components: [],
  dependencies: [{ ref: "openai-relay@0", dependsOn: [] }],
};
const builds = `const fs = require("fs");
const { version } = require("./package.json");
const put = (file, text) => {
  fs.mkdirSync(file.split("/")[0], { recursive: true });
  fs.writeFileSync(file, text);
};
if (process.argv[2] === "single") {
  put("release/openai-relay-linux-x64", "an executable of " + version);
  if (fs.existsSync("broken")) process.exit(7);
  put("release/manifest.json", JSON.stringify({ executables: [{ node: "24.1.0" }] }));
} else {
  put("dist/cli.cjs", "the relay " + version);
  put("dist/sbom.cdx.json", ${JSON.stringify(JSON.stringify(sbom))});
}`;

/** A repository with one commit. */
function createRepository(version = "0.1.0") {
  const manifest = {
    name: "openai-relay",
    version,
    files: ["dist"],
    scripts: {
      prepare: "exit 1",
      check: "node -e \"process.exit(require('fs').existsSync('failing') ? 1 : 0)\"",
      build: "node builds.cjs",
      "build:single": "node builds.cjs single",
    },
    devDependencies: { left: "1.0.0" },
  };
  const lock = { name: "openai-relay", version, packages: { "": { version } } };
  const folder = createFolder({
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "package-lock.json": `${JSON.stringify(lock, null, 2)}\n`,
    "builds.cjs": builds,
    "README.md": "The relay.",
    LICENSE: "MIT",
    ".gitignore": "dist\nrelease\nfailing\nbroken\n",
  });
  const env = { ...process.env, ...identity, HOME: folder.path };
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder.path, encoding: "utf8", env }).trim();
  git("init", "--quiet", "-b", "main");
  return Object.assign(folder, {
    git,
    commit(subject: string, files: Record<string, string>) {
      for (const [name, text] of Object.entries(files)) folder.write(name, text);
      git("add", ".");
      git("commit", "--quiet", "-m", subject);
    },
    async release(...args: string[]) {
      const started = startProgram(process.execPath, [script, ...args], {
        cwd: folder.path,
        env: {
          ...identity,
          GITHUB_SERVER_URL: "https://git.example",
          GITHUB_REPOSITORY: "me/relay",
        },
      });
      return started.ended;
    },
    files: () => (folder.has("release") ? readdirSync(folder.at("release")).sort() : []),
    read: (name: string) => readFileSync(folder.at(name), "utf8"),
    /** What a release would change. */
    state: () => [git("rev-parse", "HEAD"), git("tag"), git("status", "--porcelain")],
  });
}

// npm starts slowly on a busy machine.
describe("a release", { timeout: 60_000 }, () => {
  test("makes its files, a commit and a tag with the notes; its tag makes the same files", async () => {
    using repository = createRepository();
    repository.commit("Let there be a relay", { "src/server/server.ts": "1" });
    repository.git("tag", "v0.1.0");
    repository.commit("Tell curl's *time* in `-w`", { "src/curl/meter.ts": "1" });

    const { code, stderr } = await repository.release("minor");
    const sums = repository.read("release/SHA256SUMS");
    const again = await repository.release("--tagged", "--skip-checks");

    expect({ code, again: again.code }, stderr + again.stderr).toEqual({ code: 0, again: 0 });
    expect(repository.files()).toEqual([
      "SHA256SUMS",
      "manifest.json",
      "notes.md",
      "openai-relay-0.2.0.tgz",
      "openai-relay-linux-x64",
      "sbom.cdx.json",
    ]);
    expect(repository.git("log", "--format=%s", "-1")).toBe("Release 0.2.0");
    expect(repository.git("show", "--name-only", "--format=", "HEAD").split("\n")).toEqual([
      "package-lock.json",
      "package.json",
    ]);
    expect(repository.git("tag", "--points-at", "HEAD")).toBe("v0.2.0");
    expect(repository.git("status", "--porcelain")).toBe("");
    expect(repository.read("release/SHA256SUMS")).toBe(sums);
    const notes = repository.read("release/notes.md");
    expect(notes).toContain("### relay curl\n\n- Tell curl's \\*time\\* in \\`-w\\`\n");
    expect(notes).not.toContain("Let there be a relay");
    expect(repository.git("tag", "-l", "--format=%(contents)", "v0.2.0")).toContain(notes.trim());
    for (const [, hash, file] of sums.matchAll(/^(\S+) {2}(.+)$/gm)) {
      const bytes = readFileSync(repository.at(`release/${file}`));
      expect(createHash("sha256").update(bytes).digest("hex"), file).toBe(hash);
    }
  });

  test("a dry run makes all files and changes nothing; the published manifest has no scripts", async () => {
    using repository = createRepository();
    repository.commit("Let there be a relay", {});
    const before = repository.state();

    const { code, stderr } = await repository.release("--dry-run", "1.0.0-rc.1");

    expect(code, stderr).toBe(0);
    expect(repository.state()).toEqual(before);
    expect(repository.read("release/openai-relay-linux-x64")).toBe("an executable of 1.0.0-rc.1");
    const list = [
      "-xOzf",
      repository.at("release/openai-relay-1.0.0-rc.1.tgz"),
      "package/package.json",
    ];
    expect(JSON.parse(execFileSync("tar", list, { encoding: "utf8" }))).toEqual({
      name: "openai-relay",
      version: "1.0.0-rc.1",
      files: ["dist"],
      repository: { type: "git", url: "git+https://git.example/me/relay.git" },
    });
    const { components, dependencies } = JSON.parse(repository.read("release/sbom.cdx.json"));
    expect(components).toMatchObject([{ name: "node", version: "24.1.0" }]);
    expect(dependencies).toContainEqual({ ref: "openai-relay@0", dependsOn: ["node@24.1.0"] });
  });

  test.each([
    ["failing checks", ["minor"], { failing: "" }, /"npm run check --" failed \(1\)/],
    [
      "a build that breaks off",
      ["minor"],
      { broken: "" },
      /"npm run build:single --" failed \(7\)/,
    ],
    ["changes that no commit has", ["minor"], { "new.ts": "" }, /Commit them.*\n.*new\.ts/],
    ["a version that is none", ["1.2"], {}, /"1\.2" is no version/],
    ["a version before the last", ["0.0.9"], {}, /0\.0\.9 does not come after 0\.1\.0/],
    ["no version, where this one is released", [], {}, /0\.1\.0 is released already/],
    ["a tag that is not here", ["--tagged"], {}, /has no tag v0\.1\.0/],
  ])("%s: nothing is released, and nothing is left", async (_what, args, files, message) => {
    using repository = createRepository();
    repository.commit("Let there be a relay", {});
    repository.git("tag", "v0.1.0");
    repository.commit("Do more", { "src/relay.ts": "2" });
    for (const [name, text] of Object.entries(files)) repository.write(name, text);
    const before = repository.state();

    const { code, stderr } = await repository.release(...args);

    expect(stderr).toMatch(message);
    expect(code).toBe(1);
    expect(repository.state()).toEqual(before);
    expect(repository.files()).toEqual([]);
  });

  test("git that will not tag: no commit stays", async () => {
    using repository = createRepository();
    repository.commit("Let there be a relay", {});
    repository.git("config", "tag.gpgSign", "true");
    repository.git("config", "gpg.program", "false");
    const before = repository.state();

    const { code } = await repository.release("--skip-checks");

    expect(code).toBe(1);
    expect(repository.state()).toEqual(before);
    expect(repository.files()).toEqual([]);
  });
});

test.each([
  ["1.2.3", "patch", "1.2.4"],
  ["1.2.3", "minor", "1.3.0"],
  ["1.2.3", "major", "2.0.0"],
  ["1.3.0-rc.1", "patch", "1.3.0"],
  ["1.3.0-rc.1", "minor", "1.3.0"],
  ["1.3.1-rc.1", "minor", "1.4.0"],
  ["2.0.0-rc.1", "major", "2.0.0"],
  ["1.2.3", "4.5.6-beta.1", "4.5.6-beta.1"],
])("after %s, %s is %s", (current, wish, version) => {
  expect(nextVersion(current, wish)).toBe(version);
});

test("versions come after each other as Semantic Versioning has it", () => {
  const order = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0",
    "1.0.10",
  ];

  for (const [i, version] of order.entries())
    for (const [j, other] of order.entries())
      expect(isLater(version, other), `${version} ${other}`).toBe(i > j);
});

test("notes are sorted by what users know, by the files that were changed", () => {
  const notes = notesOf(
    [
      { subject: "Look at more", files: ["src/check/run.ts", "src/check/dns.ts", "src/errors.ts"] },
      { subject: "Thank @someone for #12", files: ["src/server/admit.ts", "test/admit.test.ts"] },
      { subject: "Say it better", files: ["README.md"] },
      { subject: "Prove it", files: ["test/relay.test.ts"] },
      { subject: "Release 1.1.0", files: ["package.json"] },
    ],
    "1.2.0",
  );

  expect(notes.slice(0, notes.indexOf("### Getting it"))).toBe(`### relay check

- Look at more

### Relaying

- Thank \\@someone for \\#12

### Documentation

- Say it better

### Tests

- Prove it

`);
});
