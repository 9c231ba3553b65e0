import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { startCommand } from "./support/command.ts";
import { startShell, startTerminal } from "./support/shell.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const signals = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"] as const;

/** Tells of every signal, and ends with 7 on SIGTERM. Unlike a shell, Node sees two as two. */
const telling = `
  for (const name of ${JSON.stringify(signals)})
    process.on(name, () => console.log("got-" + name));
  process.on("SIGTERM", () => process.exit(7));
  setInterval(() => {}, 1000);
  console.log("ready", process.pid);`;

test("a signal that only the relay got reaches the command once, and the relay waits for it", async () => {
  await using relay = startCommand(["run", "--mock", "--", process.execPath, "-e", telling]);
  await relay.until("stdout", /ready/);

  for (const signal of signals) {
    relay.child.kill(signal);
    await relay.until("stdout", new RegExp(`got-${signal}`));
  }
  const { code, stdout } = await relay.ended;

  expect(code).toBe(7);
  expect(stdout.match(/got-\w+/g)).toEqual(signals.map((signal) => `got-${signal}`));
});

test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const)(
  "the command dies of %s: so does the relay",
  async (signal) => {
    await using relay = startCommand([
      "run",
      "--mock",
      "--",
      "sh",
      "-c",
      `kill -${signal.slice(3)} $$`,
    ]);

    expect(await relay.ended).toMatchObject({ code: null, signal, stderr: "relay: no calls\n" });
  },
);

test.each([
  ["SEGV", 139],
  ["ABRT", 134],
  ["USR1", 138],
  ["PIPE", 141],
])("the command dies of %s: the relay ends with %i and no core dump", async (name, code) => {
  await using relay = startCommand([
    "run",
    "--mock",
    "--",
    "sh",
    "-c",
    `ulimit -c 0; kill -${name} $$`,
  ]);

  expect(await relay.ended).toMatchObject({ code, signal: null });
});

const hasScript = spawnSync("script", ["--version"]).status === 0;

describe.skipIf(!hasScript)("on a terminal", () => {
  test("Ctrl+C reaches the command once, and the relay waits for it", async () => {
    await using terminal = startTerminal('relay run --mock -- node -e "$TELLING"', {
      TELLING: telling,
    });
    await terminal.until("stdout", /ready/);

    terminal.child.stdin!.write("\x03");
    await terminal.until("stdout", /got-SIGINT/);
    terminal.child.stdin!.write("\x1c");
    await terminal.until("stdout", /got-SIGQUIT/);
    const [, pid] = await terminal.until("stdout", /ready (\d+)/);
    process.kill(Number(pid), "SIGTERM");
    const { code, stdout } = await terminal.ended;

    expect(stdout.match(/got-\w+/g)).toEqual(["got-SIGINT", "got-SIGQUIT", "got-SIGTERM"]);
    expect(code).toBe(7);
  });

  test("the command has the terminal: its size, and Ctrl+D is the end of its input", async () => {
    const script = "test -t 0 && test -t 1 && test -t 2 && stty size && cat";
    await using terminal = startTerminal(
      `stty rows 31 cols 97; relay run --mock -- sh -c "${script}"`,
    );

    await terminal.until("stdout", /31 97/);
    terminal.child.stdin!.write("\x04");

    expect((await terminal.ended).code).toBe(0);
  });

  test("Ctrl+Z stops both, fg continues both", async () => {
    await using terminal = startTerminal("PS1=prompt: bash --norc --noprofile -i");
    const type = (text: string) => terminal.child.stdin!.write(text);
    type("relay run --mock -- bash -c 'echo ready $PPID $$; read line; echo read-$line'\n");
    const [, relay, command] = await terminal.until("stdout", /ready (\d+) (\d+)/);

    type("\x1a");
    await terminal.until("stdout", /Stopped/);
    const stopped = [relay, command].map((pid) => stateOf(pid!));
    type("fg\n");
    // bash says what it continues.
    await terminal.until("stdout", /fg\r\n.*relay run/s);
    type("word\n");
    await terminal.until("stdout", /read-word/);
    type("exit\n");

    expect(stopped).toEqual(["T", "T"]);
    expect((await terminal.ended).stdout).toContain("relay: no calls");
  });

  test("in the background, where Ctrl+C does not reach, a signal is passed on", async () => {
    await using terminal = startTerminal("bash --norc --noprofile -i", { TELLING: telling });
    terminal.child.stdin!.write('relay run --mock -- node -e "$TELLING" &\n');
    const [, command] = await terminal.until("stdout", /ready (\d+)/);

    process.kill(parentOf(command!), "SIGINT");
    await terminal.until("stdout", /got-SIGINT/);
    process.kill(Number(command), "SIGTERM");
    await terminal.until("stdout", /relay: no calls/);
    terminal.child.stdin!.write("exit\n");

    const { stdout } = await terminal.ended;
    expect(stdout.match(/got-\w+/g)).toEqual(["got-SIGINT", "got-SIGTERM"]);
  });
});

test("SIGTERM for the whole group, as timeout sends it, ends both", async () => {
  await using shell = startShell("timeout --preserve-status 2 relay run --mock -- sleep 600");

  expect((await shell.ended).code).toBe(143);
});

/** The third field of proc(5): `T` is stopped. */
function stateOf(pid: string): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
}

function parentOf(pid: string): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
}
