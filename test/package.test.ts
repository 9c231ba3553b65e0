import { execSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packPackage } from "../bin/release/package.ts";
import { version } from "../src/version.ts";
import { startProgram } from "./support/command.ts";

// The package as npm would publish it, installed into an empty folder without any registry.

/** Node binaries to try it on, beside the one that runs this: paths, separated like those of PATH. */
const nodes = [process.execPath, ...(process.env.TEST_NODES?.split(delimiter) ?? [])];
/** One that is too old for it, where there is one. */
const oldNode = process.env.TEST_OLD_NODE;
const isWindows = process.platform === "win32";
const folder = mkdtempSync(join(tmpdir(), "relay-package-"));
const installed = join(folder, "empty/node_modules/openai-relay");
let tarball: string;

beforeAll(async () => {
  tarball = await packPackage(".", folder, "git+https://git.example/me/relay.git");
  mkdirSync(join(folder, "empty"));
  npm(`install --offline "${tarball}"`, join(folder, "empty"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test("the package is a few files and no more", () => {
  expect(filesIn(installed)).toEqual([
    "LICENSE",
    "README.md",
    "bin/node-version.cjs",
    "bin/openai-relay.cjs",
    "dist/check.schema.json",
    "dist/cli.cjs",
    "dist/config.schema.json",
    "dist/licences.txt",
    "dist/mock-script.schema.json",
    "dist/openai-relay.1",
    "dist/relay.1",
    "dist/sbom.cdx.json",
    "dist/tape.schema.json",
    "dist/test.cjs",
    "dist/test.d.cts",
    "package.json",
  ]);
});

test("it is small", () => {
  const bytes = filesIn(installed).map((file) => statSync(join(installed, file)).size);

  expect(bytes.reduce((a, b) => a + b)).toBeLessThan(3_300_000);
  expect(statSync(tarball).size).toBeLessThan(1_000_000);
});

test("it brings no other package and runs nothing when it is installed", async () => {
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));

  expect(readdirSync(dirname(installed)).filter((name) => !name.startsWith("."))).toEqual([
    "openai-relay",
  ]);
  // Neither scripts nor dependencies of any kind.
  expect(Object.keys(manifest).sort()).toEqual([
    "bin",
    "description",
    "engines",
    "exports",
    "files",
    "license",
    "man",
    "name",
    "publishConfig",
    "repository",
    "type",
    "version",
  ]);
});

test("whatever is in the bundle may be passed on, and its licence comes along", async () => {
  const licences = await readFile(join(installed, "dist/licences.txt"), "utf8");

  const bundled = [...licences.matchAll(/^(\S+) [\d.]+ \((.*)\)$/gm)];

  expect(bundled.map(([, name]) => name)).toEqual(expect.arrayContaining(["commander", "undici"]));
  for (const [line, , licence] of bundled)
    expect(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0"], line).toContain(
      licence,
    );
});

test("the list of what is in the bundle is whole, in CycloneDX, and the same each time", async () => {
  const text = await readFile(join(installed, "dist/sbom.cdx.json"), "utf8");
  const licences = await readFile(join(installed, "dist/licences.txt"), "utf8");

  const { bomFormat, metadata, components, dependencies, ...rest } = JSON.parse(text);
  const listed = components.map(({ name, version }: Package) => `${name} ${version}`);
  const bundled = licences.split(/^-{80}\n\n/m).map((part) => part.split(" (", 1)[0]);

  expect([bomFormat, metadata.component.name]).toEqual(["CycloneDX", "openai-relay"]);
  expect(listed.sort()).toEqual(bundled.sort());
  for (const { name, purl, hashes, licenses } of components) {
    expect(purl, name).toMatch(/^pkg:npm\//);
    expect(hashes, name).toHaveLength(1);
    expect(licenses, name).toHaveLength(1);
  }
  expect(dependencies).toHaveLength(components.length + 1);
  expect([rest.serialNumber, metadata.timestamp]).toEqual([undefined, undefined]);
  expect(text).not.toMatch(/"url"|file:|\/home\//);
});

type Package = { name: string; version: string };

test("the README says how many packages are in the bundle", async () => {
  const readme = await readFile(join(installed, "README.md"), "utf8");
  const { components } = JSON.parse(await readFile(join(installed, "dist/sbom.cdx.json"), "utf8"));

  const [, count] = /bundled: (\d+) packages/.exec(readme)!;

  expect(components).toHaveLength(Number(count));
});

test("it is published with provenance, for which npm wants to know the repository", async () => {
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));

  expect(manifest.publishConfig).toEqual({ provenance: true });
  expect(manifest.repository.url).toBe("git+https://git.example/me/relay.git");
});

test("the lock file names no registry", async () => {
  const { packages } = JSON.parse(await readFile("package-lock.json", "utf8"));

  const resolved = Object.values<{ resolved?: string }>(packages).flatMap((p) => p.resolved ?? []);

  expect(resolved.filter((address) => address.includes("://"))).toEqual([]);
});

describe.each(nodes)("on %s", { timeout: 30_000 }, (node) => {
  const startRelay = (...args: string[]) =>
    isWindows
      ? startProgram(node, [join(installed, "bin/openai-relay.cjs"), ...args])
      : startProgram(join(installed, "../.bin/relay"), args, {
          env: { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
        });

  test("it tells its version", async () => {
    await using relay = startRelay("--version");

    expect(await relay.ended).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  // npx passes no signal on, so the relay itself is told to stop.
  test.skipIf(isWindows)("npx starts it from the tarball, with no registry", async () => {
    const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    const start = "start --mock --port 0 --no-config --json".split(" ");
    await using npx = startProgram(
      "npx",
      ["--yes", "--offline", "--package", tarball, "openai-relay", ...start],
      { env },
    );
    const { url, pid } = JSON.parse((await npx.until("stdout", /^(\{.*\})\n/))[1]!);

    const health = await fetch(new URL("/_relay/health", url));

    expect(await health.json()).toEqual({ status: "ok" });
    process.kill(pid);
    expect(await npx.ended).toMatchObject({ code: 0 });
  });

  test("it starts, answers and stops", async () => {
    await using relay = startRelay("start", "--mock", "--port", "0", "--no-config");
    const url = (await relay.until("stdout", /^(.*)\n/))[1]!;

    const health = await fetch(new URL("/_relay/health", url));
    const models = await fetch(`${url}/models`);

    expect(health.status).toBe(200);
    expect(await models.json()).toMatchObject({ object: "list" });
    relay.child.kill("SIGTERM");
    const { code, signal, stdout } = await relay.ended;
    expect(stdout).toBe(`${url}\n`);
    expect(isWindows ? signal : code).toBe(isWindows ? "SIGTERM" : 0);
  });
});

test.skipIf(oldNode === undefined)("on too old a Node it says so in one sentence", async () => {
  const launcher = join(installed, "bin/openai-relay.cjs");

  await using relay = startProgram(oldNode!, [launcher, "start"]);

  const { code, stdout, stderr } = await relay.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^openai-relay needs Node\.js 22\.19 or newer; this is v.*\n {2}Install Node.*\n$/,
  );
});

function npm(command: string, cwd: string): string {
  // Without what an outer npm tells its scripts about its own settings.
  const env = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return execSync(`npm --silent ${command}`, {
    cwd,
    encoding: "utf8",
    env: Object.fromEntries(env),
  });
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
}
