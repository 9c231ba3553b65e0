import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { complaintsAbout } from "../config/checks.ts";
import { ConfigError } from "../config/error.ts";
import { type Input, type Loaded, loadConfig } from "../config/load.ts";
import { reloaded } from "../config/reloaded.ts";
import type { Serving } from "../relay.ts";

type Parts = {
  input: Input;
  loaded: Loaded;
  relay: Serving;
  /** What ends the relay. */
  stop(signal: NodeJS.Signals): void;
};

/**
 * SIGHUP: reads the settings anew and answers new requests by them. What does not load changes nothing.
 * When it is the terminal that hangs up, the relay ends with it.
 */
export function reloadOnHangup({ input, loaded, relay, stop }: Parts): void {
  // With nohup nothing is written to it, and the relay is to outlive it.
  const hadTerminal = (isatty(1) || isatty(2)) && hasTerminal();
  const reloads = { done: 0, failed: 0 };
  let current = loaded;
  let queue = Promise.resolve();

  async function reload(): Promise<void> {
    const lines = await renew();
    // Who could not be told serves all the same, and the next signal must be obeyed.
    await relay.countReloads(reloads).catch(() => {});
    for (const line of lines) say(line);
  }

  /** What there is to say of it. */
  async function renew(): Promise<string[]> {
    try {
      const next = reloaded(current, await loadConfig(input));
      // Beside what holds until the end they may be wrong, where they were right by themselves.
      const complaints = complaintsAbout(next.loaded.config, input.env);
      if (complaints.length > 0)
        throw new ConfigError(...complaints.map(([path, what]) => `"${path}": ${what}`));
      await relay.reload(next.loaded.config);
      current = next.loaded;
      reloads.done++;
      return [...current.remarks, describe(next)];
    } catch (error) {
      reloads.failed++;
      return [`Not reloaded, all settings stay as they were: ${(error as Error).message}`];
    }
  }

  process.on("SIGHUP", () => {
    if (hadTerminal && !hasTerminal()) stop("SIGTERM");
    else queue = queue.then(reload);
  });
}

function describe({ changed, kept }: ReturnType<typeof reloaded>): string {
  const what = changed.length > 0 ? `changed: ${changed.join(", ")}` : "nothing has changed";
  const rest = kept.length > 0 ? `. Start the relay again to change ${kept.join(", ")}` : "";
  return `Reloaded, ${what}${rest}.`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Whether there is a terminal that can hang up: it cannot be opened any more once it has. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
