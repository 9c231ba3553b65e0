import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import type { Answer } from "../client/ask.ts";
import { healthOf } from "../client/health.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { ExitError } from "../exit.ts";
import type { Reloads } from "../server/router.ts";
import { pidListening } from "./port.ts";

const examples = `
Examples:
  relay reload                 after a change in relay.config.json
  relay reload --port 8485     of the relay on that port
  kill -HUP <pid>              the same by hand

What is under way ends as it began. Settings that do not load change nothing.`;

/** The relay gives up to this long to read its settings: a config file may be code. */
const patienceMs = 10_000;

export const reload = addSettingFlags(
  new Command("reload")
    .description("Let the running relay read its settings anew, without dropping anything")
    .addHelpText("after", examples),
).action(async (_options: unknown, command: Command) => {
  const { config } = await loadConfig(settingFlags(command));
  const { port, socket } = config;
  if (process.platform === "win32")
    throw new ExitError(1, "Windows has no signal for it: stop the relay and start it again.");
  if (socket !== "")
    throw new ExitError(1, "On a Unix socket it is not known which process listens: kill -HUP it.");

  const before = await healthOf(config, patienceMs);
  const pid = await pidListening(port);
  if (before === undefined || pid === undefined)
    throw new ExitError(1, `No relay answers on port ${port}. Name its port with --port.`);
  process.kill(Number(pid), "SIGHUP");
  if (before.status !== 200) {
    process.stderr.write(`Told process ${pid}; it asks for a token to say what became of it.\n`);
    return;
  }

  const { done, failed } = reloadsIn(before);
  for (const until = performance.now() + patienceMs; performance.now() < until; ) {
    const now = await healthOf(config, patienceMs);
    if (!now) break;
    const after = reloadsIn(now);
    if (after.failed > failed)
      throw new ExitError(
        3,
        "The new settings do not load, all stay as they were; its log says why.",
      );
    if (after.done > done) {
      process.stderr.write("Reloaded.\n");
      return;
    }
    await setTimeout(20);
  }
  throw new ExitError(1, `Process ${pid} was told, but did not reload.`);
});

function reloadsIn({ body }: Answer): Reloads {
  const { reloads } = JSON.parse(body.toString()) as { reloads?: Reloads };
  return reloads ?? { done: 0, failed: 0 };
}
