import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { version } from "../../src/version.ts";
import { createCertificates } from "../support/certificates.ts";
import { runCommand, startCommand, startProgram } from "../support/command.ts";
import { createFolder } from "../support/folder.ts";
import { ask, getPlain, getSecure } from "../support/tls-client.ts";

// What an executable does in another way than the package. For the rest, its tests are run on it:
// npm run test:single.
const bin = process.env.RELAY_BIN ?? "";
const isHere = bin !== "";

describe.runIf(isHere)("the executable", () => {
  test("says which build it is", async () => {
    const { code, stdout, stderr } = await runCommand(["--version", "--json"]);

    const { node, target, commit, ...told } = JSON.parse(stdout);
    expect({ code, stderr, ...told }).toEqual({ code: 0, stderr: "", version, build: "single" });
    expect(node).toMatch(/^2[46]\.\d+\.\d+$/);
    expect(target).toMatch(/^(linux|macos|win)-(x64|arm64)$/);
    expect(commit ?? "").toMatch(/^([0-9a-f]{40}(-dirty)?)?$/);
  });

  test.each([
    ["json", "relay.config.json", '{ "port": 4001 }'],
    ["yaml", "relay.config.yaml", "port: 4001"],
    ["no extension", ".openai-relayrc", "port: 4001"],
    ["package.json", "package.json", '{ "openai-relay": { "port": 4001 } }'],
    ["ts", "relay.config.ts", "const port: number = 4001; export default { port };"],
    ["mts", "other.mts", "export default { port: 4001 as number };"],
    ["js", "relay.config.js", "module.exports = { port: 4001 };"],
    ["mjs", "relay.config.mjs", 'import { join } from "node:path"; export default { port: 4001 };'],
    ["cjs", "relay.config.cjs", "module.exports = { port: 4001 };"],
  ])("reads a config file of the kind %s", async (_kind, name, content) => {
    using folder = createFolder({ [name]: content });
    const args = ["config", "show", "--config", folder.at(name), "--json"];

    const { stdout, stderr } = await runCommand(args, { cwd: folder.path });

    expect({ port: JSON.parse(stdout).port?.value, stderr }).toEqual({ port: 4001, stderr: "" });
  });

  test("reads a module again when it is told to reload", async () => {
    const moduleOf = (body: string) => `export default { mock: true, policy: { ${body} } };`;
    using folder = createFolder({ "relay.config.mjs": moduleOf("") });
    const file = folder.at("relay.config.mjs");
    await using relay = startCommand(["start", "--port", "0", "--config", file]);
    const [, url] = await relay.until("stdout", /^(.*)\n/);

    folder.write("relay.config.mjs", moduleOf('models: ["none"]'));
    relay.child.kill("SIGHUP");
    await relay.until("stderr", /[Rr]eloaded/);

    const body = '{"model":"gpt-5","input":"hi"}';
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/responses`, { method: "POST", headers, body });
    expect([answer.status, answer.headers.get("x-relay-error")]).toEqual([403, "policy_denied"]);
    expect(relay.stderr).not.toContain("Warning");
  });

  test("starts itself for workers, and serves TLS on the same port", async () => {
    using certificates = createCertificates();
    const { tlsCert, tlsKey } = certificates.settings;
    const tls = ["--tls-cert", tlsCert, "--tls-key", tlsKey];
    const flags = ["--no-config", "--mock", "--port", "0", "--json", "--workers", "2"];
    await using relay = startCommand(["start", ...flags, ...tls]);
    const [line] = await relay.until("stdout", /^.*\n/);
    const { port, pid } = JSON.parse(line);

    for (const get of [getPlain, getSecure]) {
      const where = { host: "127.0.0.1", port, ca: certificates.ca, path: "/_relay/health" };
      expect((await ask(get, where)).status).toBe(200);
    }
    expect(relay.stderr).not.toContain("Warning");

    if (process.platform === "linux") {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
      const lines = children.map((child) => readFileSync(`/proc/${child}/cmdline`, "utf8"));
      expect(lines).toEqual([`${bin}\0start\0`, `${bin}\0start\0`]);
    }
  });

  test("records in a thread of its own, and replays", async () => {
    using folder = createFolder();
    const bodies = [];

    for (const flags of [["--mock", "--record"], ["--replay"]]) {
      const args = ["start", "--no-config", "--port", "0", ...flags, folder.at("tapes")];
      await using relay = startCommand(args);
      const [, url] = await relay.until("stdout", /^(.*)\n/);
      const answer = await fetch(`${url}/models`);
      bodies.push(`${answer.status} ${await answer.text()}`);
      relay.child.kill("SIGTERM");
      expect(await relay.ended).toMatchObject({ code: 0 });
    }

    expect(bodies[0]).toMatch(/^200 /);
    expect(bodies[1]).toBe(bodies[0]);
  });

  test("writes for people where it is told to", async () => {
    const flags = ["--no-config", "--mock", "--port", "0", "--log-format", "pretty"];
    await using relay = startCommand(["start", ...flags]);
    const [, url] = await relay.until("stdout", /^(.*)\n/);

    await fetch(`${url}/models`);

    expect(await relay.until("stderr", /^.* GET .*\/v1\/models.*\n/m)).toBeTruthy();
    expect(relay.stderr).not.toMatch(/^\{/m);
  });

  test("names no schema in a first config file: there is no such file beside it", async () => {
    using folder = createFolder();

    for (const format of ["json", "yaml"])
      await runCommand(["config", "init", "--yes", "--format", format], {
        cwd: createFolderIn(folder.path, format),
      });

    expect(readFileSync(folder.at("json/relay.config.json"), "utf8")).not.toContain("$schema");
    expect(readFileSync(folder.at("yaml/relay.config.yaml"), "utf8")).toMatch(/^version: 1\n/);
  });

  test("takes other options for V8 from the environment without a word", async () => {
    const env = { NODE_OPTIONS: "--expose-gc --max-old-space-size=512" };

    const { stdout, stderr } = await runCommand(["--version"], { env });

    expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: "" });
  });

  // Only that for the system it was built on has any.
  test.runIf(process.platform === "linux" && process.arch === "x64")(
    "has in it what V8 takes for compiled",
    async () => {
      using folder = createFolder({ "script.cjs": tellWhetherTaken });

      const env = { NODE_OPTIONS: `--require ${folder.at("script.cjs")}` };
      const { stderr } = await runCommand(["--version"], { env });

      expect(stderr).toBe("cachedDataRejected: false");
    },
  );
});

/** V8 says nothing where it does not take it: the start is slower, that is all. */
const tellWhetherTaken = `
  const vm = require("node:vm");
  vm.Script = class extends vm.Script {
    constructor(...args) {
      super(...args);
      process.stderr.write("cachedDataRejected: " + this.cachedDataRejected);
    }
  };
`;

/** The libraries of the system that a program is linked with, and what loads them. */
function librariesOf(program: string): string[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...lines.matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file!);
}

const mayChangeRoot = (() => {
  try {
    execFileSync("unshare", ["-Urm", "chroot", "/", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(isHere && mayChangeRoot)(
  "where there are no files but the libraries of C and C++",
  () => {
    test("it starts, answers and stops", async () => {
      using root = createFolder();
      for (const file of librariesOf(bin)) {
        mkdirSync(join(root.path, dirname(file)), { recursive: true });
        copyFileSync(file, join(root.path, file));
      }
      copyFileSync(bin, root.at("relay"));
      const args = ["-Urm", "chroot", root.path, "/relay", "start", "--mock", "--port", "0"];
      await using relay = startProgram("unshare", args, { env: { HOME: "/" } });
      const [, url] = await relay.until("stdout", /^(.*)\n/);

      const models = await fetch(`${url}/models`);
      const health = await fetch(new URL("/_relay/health", url));

      expect([models.status, health.status]).toEqual([200, 200]);
      relay.child.kill("SIGTERM");
      expect(await relay.ended).toMatchObject({ code: 0, stdout: `${url}\n` });
    });
  },
);

function createFolderIn(path: string, name: string): string {
  const folder = join(path, name);
  mkdirSync(folder);
  return folder;
}
