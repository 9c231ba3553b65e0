import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { runCommand, startCommand } from "./support/command.ts";
import { runShell } from "./support/shell.ts";
import { startUpstream } from "./support/upstream.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

// What passes through the command's stdin, stdout and stderr, and when the relay ends.

test("a pipe in and a pipe out", async () => {
  const { stdout, stderr } = await runShell("echo x | relay run --mock -- cat | wc -c");

  expect(stdout.trim()).toBe("2");
  expect(stderr).toBe("relay: no calls\n");
});

test("thirty megabytes arrive whole at a reader that takes its time, on stdout and on stderr", async () => {
  const slowly = "(sleep 1; wc -c)";
  const write = "head -c 30000000 /dev/zero";
  const out = await runShell(`relay run --mock -- ${write} | ${slowly}`);
  const both = await runShell(
    `relay run --mock -q -- sh -c '${write} >&2; ${write}' 2>&1 | ${slowly}`,
  );

  expect(out.stdout.trim()).toBe("30000000");
  expect(both.stdout.trim()).toBe("60000000");
});

test("a reader that leaves ends the command, and with it the relay", async () => {
  const line = "relay run --mock -- yes | head -1; echo $PIPESTATUS";
  const { stdout } = await runShell(line);

  expect(stdout).toBe("y\n141\n");
});

test("nobody reads stderr: the command's code is the relay's all the same", async () => {
  const line =
    "relay run --mock -- sh -c 'exit 5' 2> >(true); echo $?; relay run --mock true 2>&-; echo $?";

  expect((await runShell(line)).stdout).toBe("5\n0\n");
});

test("a command may close what it was given", async () => {
  const script = "exec 0<&- 1>&- 2>&-; exit 3";

  expect((await runCommand(["run", "--mock", "--", "sh", "-c", script])).code).toBe(3);
});

test("stdin belongs to the command: what it leaves is there for the next", async () => {
  const { stdout } = await runShell(
    "printf 'one\\ntwo\\n' | (relay run --mock -- sh -c 'read line; echo $line'; cat)",
  );

  expect(stdout).toBe("one\ntwo\n");
});

test("what the command leaves in the background is not waited for", async () => {
  await using running = startCommand(["run", "--mock", "--", "sh", "-c", "sleep 600 & echo $!"]);
  // It holds the pipes: the relay's end is "exit", not "close".
  const exited = once(running.child, "exit");
  const [, pid] = await running.until("stdout", /^(\d+)\n/);

  const [code] = await exited;

  expect(code).toBe(0);
  // Throws if it is gone.
  process.kill(Number(pid), "SIGKILL");
});

test("calls that are open when the command ends are cut at once, upstream too", async () => {
  const left = Promise.withResolvers<void>();
  await using upstream = await startUpstream((_req, res) => {
    res.on("close", () => left.resolve());
    res.write("data: one\n\n");
  });
  const call =
    'curl -sN "$OPENAI_BASE_URL/responses" -d {} -H "Authorization: Bearer $OPENAI_API_KEY"';
  const script = `{ ${call} & } | head -1; exit 9`;
  const args = ["run", "--upstream", upstream.url, "--", "bash", "-c", script];
  const startedAt = performance.now();

  const { code, stdout, stderr } = await runCommand(args, { env: { OPENAI_API_KEY: "sk-x" } });
  await left.promise;

  expect(code).toBe(9);
  expect(stdout).toBe("data: one\n");
  expect(stderr).toMatch(/^relay: 1 call, 2 B up, 11 B down\n/);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
