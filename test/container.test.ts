import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

// No container is built here. The file is read, and its commands are run in a plain folder, on this Node.

const root = join(import.meta.dirname, "..");
const steps = readFileSync(join(root, "bin/Containerfile"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => /^(\S+) (.*)$/.exec(line)!.slice(1) as [string, string]);
const last = steps.findLastIndex(([word]) => word === "FROM");
const [building, running] = [steps.slice(0, last), steps.slice(last)];

const textOf = (word: string) => running.find(([one]) => one === word)?.[1];
const settings = Object.fromEntries(
  textOf("ENV")!
    .split(" ")
    .map((pair) => pair.split("=")),
);
const start: string[] = [...JSON.parse(textOf("ENTRYPOINT")!), ...JSON.parse(textOf("CMD")!)];
const health: string[] = JSON.parse(/ CMD (.*)$/.exec(textOf("HEALTHCHECK")!)![1]!);

const folder = createFolder();
afterAll(() => folder[Symbol.dispose]());

/** Builds from what the build would be sent, and copies as the last stage does. */
beforeAll(() => {
  const sent = readFileSync(join(root, ".dockerignore"), "utf8").matchAll(/^!(.+)$/gm);
  for (const [, name] of sent)
    cpSync(join(root, name!), folder.at(`src/${name}`), { recursive: true });
  // The packages are there.
  symlinkSync(join(root, "node_modules"), folder.at("src/node_modules"));
  const [, line] = building.find(([word]) => word === "RUN")!;
  const built = spawnSync("bash", ["-ec", line.replace("npm ci && ", "")], {
    cwd: folder.at("src"),
    encoding: "utf8",
  });
  expect(built.status, built.stderr).toBe(0);
  for (const [word, text] of running) {
    if (word !== "COPY") continue;
    const [from, ...paths] = text.split(" ");
    expect(from).toBe("--from=build");
    const target = paths.pop()!;
    mkdirSync(folder.at(target), { recursive: true });
    for (const path of paths) cpSync(folder.at(path), folder.at(join(target, basename(path))));
  }
}, 60_000);

/** A command of the container, on another port than others may use. */
function run([node, script, ...args]: string[], env: Record<string, string>) {
  expect(node).toBe("/nodejs/bin/node");
  const here = args.map((arg) => arg.replace(":8484", `:${env.RELAY_PORT}`));
  return startProgram(process.execPath, [folder.at(script!), ...here], {
    env: { ...settings, ...env },
  });
}

test("it ends with a base that has no shell, as a user with no rights", () => {
  expect(textOf("FROM")).toMatch(/distroless\/nodejs24-\w+:nonroot$/);
  expect(textOf("USER")).toBe("65532:65532");
  expect(running.map(([word]) => word)).not.toContain("RUN");
});

test("it holds no key and no token", () => {
  expect(Object.keys(settings).sort()).toEqual(["RELAY_HOST", "RELAY_KEYCHAIN", "RELAY_PORT"]);
});

test("it does not start without tokens", async () => {
  await using relay = run(start, { RELAY_MOCK: "true", RELAY_PORT: "0" });

  const { code, stderr } = await relay.ended;
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("RELAY_TOKENS") });
});

test("with tokens it serves, is told to be healthy, and stops as it is told to", {
  timeout: 30_000,
}, async () => {
  const tokens = { RELAY_TOKENS: "Zq8fM2xW6tLr9vKp3sYb" };
  await using relay = run(start, { ...tokens, RELAY_MOCK: "true", RELAY_PORT: "0" });
  const port = /:(\d+)\/v1\n/.exec((await relay.until("stdout", /.+\n/))[0])![1]!;

  await using well = run(health, { ...tokens, RELAY_PORT: port });
  expect(await well.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
  relay.child.kill(textOf("STOPSIGNAL") as NodeJS.Signals);
  expect((await relay.ended).code).toBe(0);
  await using ill = run(health, { ...tokens, RELAY_PORT: port });
  expect((await ill.ended).code).not.toBe(0);
});
