import { ConfigError } from "../../src/config/error.ts";
import { allSettings, flagOf, variableOf } from "../../src/config/names.ts";
import type { Outcome } from "../../src/exchange.ts";
import { startCommand } from "./command.ts";
import type { TestRelay } from "./relay.ts";

type Flags = Record<string, string | boolean | string[]>;
/** As the log has it. */
type Line = Omit<Outcome, "error"> & { msg?: string; error?: string };

/** The same as a relay in this process, for the executable: what became of exchanges is in its log. */
export async function startExecutable(flags: Flags, env: NodeJS.ProcessEnv): Promise<TestRelay> {
  const variables: NodeJS.ProcessEnv = {};
  const words = ["start", "--no-config", "--json", "--log-level=debug", "--log-format=json"];
  for (const [path, value] of Object.entries(flags))
    if (allSettings.get(path)?.noFlag) variables[variableOf(path)] = String(value);
    else words.push(...wordsOf(path, value));
  const running = startCommand(words, { env: { ...variables, ...env } });
  const [line] = await running.until("stdout", /^.*\n/).catch(async (error: unknown) => {
    const { code, stderr } = await running.ended;
    throw code === 3 ? new ConfigError(stderr) : error;
  });
  const { url, port }: { url: string; port: number } = JSON.parse(line);

  let asked = 0;
  const outcomes: Outcome[] = [];
  const waiting: ((outcome: Outcome) => void)[] = [];
  let taken = 0;
  let read = 0;
  function readLog(): void {
    const end = running.stderr.lastIndexOf("\n") + 1;
    const lines = running.stderr.slice(read, end).split("\n");
    read = end;
    for (const line of lines.filter((text) => text.startsWith("{"))) {
      const { error, ...rest }: Line = JSON.parse(line);
      if (rest.msg === "asked") asked++;
      const outcome = error === undefined ? rest : { ...rest, error: { code: error } };
      if (rest.ending !== undefined) outcomes.push(outcome as Outcome);
    }
    while (waiting.length > 0 && taken < outcomes.length) waiting.shift()!(outcomes[taken++]!);
  }
  readLog();
  running.child.stderr!.on("data", readLog);

  return {
    url: url.replace(/\/v1$/, ""),
    port,
    get live() {
      return asked - outcomes.length;
    },
    get tunnels(): number {
      throw new Error("An executable does not tell how many WebSockets are open.");
    },
    outcomes,
    nextOutcome: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        readLog();
      }),
    async stop() {
      running.child.kill("SIGTERM");
      await running.ended;
    },
    async [Symbol.asyncDispose]() {
      // The second tells it to cut what is live, not to leave what it has to write.
      for (const signal of ["SIGTERM", "SIGINT"] as const) running.child.kill(signal);
      await running.ended;
    },
  };
}

function wordsOf(path: string, value: string | boolean | string[]): string[] {
  const flag = flagOf(path);
  const isToggle = !allSettings.get(path)?.placeholder;
  if (isToggle) return [String(value) === "true" ? flag : flag.replace(/^--/, "--no-")];
  return [value].flat().map((text) => `${flag}=${text}`);
}
