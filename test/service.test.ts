import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { launchd } from "../src/service/launchd.ts";
import type { Job } from "../src/service/manager.ts";
import { ownProgram } from "../src/service/program.ts";
import { lineOf, takeAll } from "../src/service/steps.ts";
import { systemd } from "../src/service/systemd.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { has } from "./support/shell.ts";

const job: Job = {
  command: ["/opt/no de/bin/node", '/opt/100%/$a/"relay".cjs', "start"],
  drainMs: 30_000,
  isConfined: true,
};

/** A home in which `systemctl` writes down what it is told; while there is a file "deaf", it fails. */
function createHome(files: Record<string, unknown> = {}) {
  const home = createFolder(files);
  home.write(
    "bin/systemctl",
    `#!/bin/sh
if [ -e "$HOME/deaf" ]; then echo "Failed to connect to bus: No medium found" >&2; exit 1; fi
echo "$*" >>"$HOME/calls"
env >>"$HOME/seen"
[ "$2" != show ] || printf 'ActiveState=active\\nUnitFileState=enabled\\n'
`,
    0o755,
  );
  const PATH = [home.at("bin"), process.env.PATH].join(delimiter);
  const read = (name: string) => (home.has(name) ? readFileSync(home.at(name), "utf8") : "");
  return Object.assign(home, {
    unit: home.at(".config/systemd/user/openai-relay.service"),
    read,
    relay: (...args: string[]) =>
      runCommand(["service", ...args], {
        env: { HOME: home.path, PATH, OPENAI_API_KEY: "sk-not-for-a-file", RELAY_PORT: "1" },
        cwd: home.path,
      }),
  });
}

describe.skipIf(process.platform !== "linux")(
  "relay service, with systemd",
  { timeout: 30_000 },
  () => {
    test("installs what it prints, tells systemd, and does it again without a restart", async () => {
      using home = createHome();

      const first = await home.relay("install");
      const again = await home.relay("install");

      expect(first.code).toBe(0);
      expect(readFileSync(home.unit, "utf8")).toBe(first.stdout);
      expect(first.stdout).toMatch(/^ExecStart=:"\/.+" "\/.+cli\.ts" "start"$/m);
      expect(first.stderr).toContain(`Wrote: ${home.unit}\n`);
      expect(again).toMatchObject({ code: 0, stdout: first.stdout });
      expect(home.read("calls").trim().split("\n")).toEqual([
        "--user daemon-reload",
        "--user enable openai-relay.service",
        "--user restart openai-relay.service",
        "--user daemon-reload",
        "--user enable openai-relay.service",
        "--user start openai-relay.service",
      ]);
    });

    test("writes and passes on no key, and says where the service will find one", async () => {
      using home = createHome({ "key.txt": "sk-of-the-file" });
      home.write(".config/openai-relay/config.json", { keyFile: home.at("key.txt") });

      const { stdout, stderr } = await home.relay("install");

      expect(stdout + home.read("seen")).not.toMatch(/sk-|OPENAI_API_KEY|RELAY_/);
      expect(stderr).toContain(`key.txt`);
      expect(stderr).toContain("Not seen by a service: OPENAI_API_KEY, RELAY_PORT");
    });

    test("a systemd that does not answer is no failure: it says what to run", async () => {
      using home = createHome({ deaf: "" });

      const { code, stderr } = await home.relay("install");

      expect(code).toBe(0);
      expect(existsSync(home.unit)).toBe(true);
      expect(stderr).toContain("Failed to connect to bus: No medium found");
      expect(stderr).toContain("systemctl --user daemon-reload && systemctl --user enable");
      expect((await home.relay("status")).code).toBe(1);
    });

    test("writes no line that a file's name makes up", async () => {
      using home = createHome({ "a\nExecStartPre=true.json": {} });

      const { code, stdout, stderr } = await home.relay(
        ...["print", "--config", "a\nExecStartPre=true.json"],
      );

      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("a\\nExecStartPre=true.json");
    });

    test("leaves a file alone that is not its own", async () => {
      using home = createHome({ ".config/systemd/user/openai-relay.service": "[Unit]\n" });

      for (const command of ["install", "uninstall", "status"]) {
        const { code, stderr } = await home.relay(command);
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(home.unit) });
      }
      expect(readFileSync(home.unit, "utf8")).toBe("[Unit]\n");
      expect(home.read("calls")).toBe("");
    });

    test("a dry run writes nothing and runs nothing", async () => {
      using home = createHome();

      const { code, stdout, stderr } = await home.relay("install", "--dry-run");

      expect(code).toBe(0);
      expect(stdout).toBe((await home.relay("print")).stdout);
      expect(stderr).toContain(`Would write: ${home.unit}\n`);
      expect(stderr).toContain("Would run: systemctl --user enable openai-relay.service\n");
      expect([home.has(".config"), home.has("calls")]).toEqual([false, false]);
    });

    test("status and uninstall, twice", async () => {
      using home = createHome();
      await home.relay("install");

      const status = await home.relay("status", "--json");
      const removed = await home.relay("uninstall");
      const again = await home.relay("uninstall");

      expect(status.code).toBe(0);
      expect(JSON.parse(status.stdout)).toEqual({
        manager: "systemd",
        file: home.unit,
        installed: true,
        state: "active, enabled",
      });
      expect(removed).toMatchObject({ code: 0, stderr: expect.stringContaining("Removed: ") });
      expect(existsSync(home.unit)).toBe(false);
      expect(home.read("calls")).toContain("--user disable --now openai-relay.service\n");
      expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("Not installed") });
    });

    test("settings that do not load are not installed", async () => {
      using home = createHome({ "own.json": { prot: 1 } });

      const { code, stderr } = await home.relay("install", "--config", "own.json");

      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('"prot"') });
      expect(existsSync(home.unit)).toBe(false);
    });

    test("the named config file is found from everywhere; a key command is not confined", async () => {
      using home = createHome({ "own.json": { keyCommand: ["op", "read"] } });

      const { stdout } = await home.relay("print", "--config", "own.json");

      expect(stdout).toContain(`"start" "--config" "${home.at("own.json")}"\n`);
      expect(stdout).not.toContain("NoNewPrivileges");
    });
  },
);

test.skipIf(process.getuid?.() !== 0)("as root by sudo it declines", async () => {
  const { code, stderr } = await runCommand(["service", "install"], { env: { SUDO_UID: "1000" } });

  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("without sudo") });
});

describe("the unit of systemd", () => {
  const text = systemd({}, "/home/me").describe(job);

  test("keeps odd paths as they are", () => {
    expect(text).toContain(
      String.raw`ExecStart=:"/opt/no de/bin/node" "/opt/100%%/$a/\"relay\".cjs" "start"`,
    );
  });

  test("lies where systemd looks, as XDG_CONFIG_HOME has it", () => {
    const unit = "systemd/user/openai-relay.service";

    expect(systemd({}, "/home/me").file).toBe(join("/home/me/.config", unit));
    expect(systemd({ XDG_CONFIG_HOME: "/x" }, "/home/me").file).toBe(join("/x", unit));
  });

  test("needs no namespace, which a user may not have, and no end to compiling", () => {
    expect(text).not.toMatch(/^(?:Private|Protect|ReadOnly|ReadWrite|MemoryDeny|Capability)/m);
    expect(text).toContain("\nNoNewPrivileges=yes\n");
  });

  test.skipIf(!has("systemd-analyze")).each([true, false])(
    "systemd finds nothing wrong with it (confined: %s)",
    (isConfined) => {
      const command = [process.execPath, ...job.command.slice(1)];
      using folder = createFolder({
        "openai-relay.service": systemd({}, "/").describe({ ...job, command, isConfined }),
      });
      const env = { PATH: process.env.PATH, HOME: folder.path, XDG_RUNTIME_DIR: folder.path };
      const args = ["--user", "--man=no", "verify", folder.at("openai-relay.service")];

      const { status, stderr } = spawnSync("systemd-analyze", args, { env, encoding: "utf8" });

      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
  );
});

describe("the agent of launchd", () => {
  const agent = launchd("/Users/me", 501);

  test("says what to start, when, and where its log goes", () => {
    const text = agent.describe({ ...job, command: ["/a&b/<relay>", "start"] });

    expect(agent.file).toBe("/Users/me/Library/LaunchAgents/openai-relay.plist");
    expect(text).toContain("<string>/a&amp;b/&lt;relay></string>\n\t\t<string>start</string>");
    expect(text).toMatch(/<key>RunAtLoad<\/key>\n\t<true\/>/);
    expect(text).toMatch(/<key>ExitTimeOut<\/key>\n\t<integer>40<\/integer>/);
    expect(text).toContain("<string>/Users/me/Library/Logs/openai-relay.log</string>");
  });

  test.skipIf(!has("python3"))("is a property list", () => {
    const script = "import plistlib, sys; print(plistlib.loads(sys.stdin.buffer.read()))";
    const { status, stdout } = spawnSync("python3", ["-c", script], {
      input: agent.describe(job),
      encoding: "utf8",
    });

    expect(status).toBe(0);
    expect(stdout).toContain("'KeepAlive': {'SuccessfulExit': False}");
    expect(stdout).toContain("'Umask': 63");
  });

  test("is put in place of the one before, and only where it changed", () => {
    const lines = (isNew: boolean) => agent.start(isNew).map(({ argv }) => argv.join(" "));

    expect(lines(true)).toEqual([
      "launchctl bootout gui/501/openai-relay",
      "launchctl enable gui/501/openai-relay",
      `launchctl bootstrap gui/501 ${agent.file}`,
    ]);
    expect(lines(false)).not.toContain("launchctl bootout gui/501/openai-relay");
  });

  test.each([
    ["gui/501/openai-relay = {\n\tstate = running\n\tpid = 1\n}", "active"],
    ["gui/501/openai-relay = {\n\tstate = not running\n}", "not running"],
  ])("its state is read from what launchctl prints: %j", (printed, state) => {
    expect(agent.readStatus(printed)).toBe(state);
  });
});

test("a step is told as a shell takes it", () => {
  expect(lineOf({ argv: ["launchctl", "bootstrap", "/Users/o'neil/a b"] })).toBe(
    "launchctl bootstrap '/Users/o'\\''neil/a b'",
  );
});

test("a step that may have to wait is tried again", async () => {
  using folder = createFolder();
  const script = `[ -e "${folder.at("seen")}" ] || { : >"${folder.at("seen")}"; exit 5; }`;
  const argv = ["sh", "-c", script];
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);

  const left = await takeAll([{ argv, patienceMs: 10_000 }], process.env, tell);

  expect(left).toEqual([]);
  expect(told).toEqual([expect.stringMatching(/^Ran: sh -c /)]);
});

describe("the program of the service", () => {
  test("is this Node and this script, wherever one stands", () => {
    using folder = createFolder({ "relay.cjs": "" });
    const self = { execPath: process.execPath, argv: [process.execPath, folder.at("relay.cjs")] };

    expect(ownProgram(self, false)).toEqual([process.execPath, folder.at("relay.cjs")]);
    expect(ownProgram(self, true)).toEqual([process.execPath]);
  });

  test.each([".npm/_npx/1234/node_modules/relay.cjs", ".cache/pnpm/dlx-12/relay.cjs"])(
    "is none that is gone tomorrow: %s",
    (script) => {
      using folder = createFolder({ [script]: "" });
      const argv = [process.execPath, folder.at(script)];

      expect(() => ownProgram({ execPath: process.execPath, argv }, false)).toThrow(
        "npm install -g openai-relay",
      );
    },
  );

  test("of Homebrew is the link that outlives an update", () => {
    using folder = createFolder({ "Cellar/node/24.1.0/bin/node": "", "opt/node/bin/node": "" });
    const execPath = folder.at("Cellar/node/24.1.0/bin/node");

    expect(ownProgram({ execPath, argv: [] }, true)).toEqual([folder.at("opt/node/bin/node")]);
  });
});
