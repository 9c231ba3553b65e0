import { createServer, type Server } from "node:http";
import { createRemote } from "../client/remote.ts";
import type { Config } from "../config/settings.ts";
import { listenOn } from "../server/listen.ts";
import { isRelay } from "./relay.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";
import { toOther } from "./talk.ts";

/** Which process has a port, in words, where that can be known. */
export type WhoListens = (port: number) => Promise<string | undefined>;

/** Whether a relay could listen where the settings say. */
export function portStep(config: Config, whoListens: WhoListens): Step {
  const { host, port, socket } = config;
  const shown = `${host.includes(":") ? `[${host}]` : host}:${port}`;

  async function run(signal: AbortSignal): Promise<Finding> {
    if (socket !== "") return skipped(`a Unix socket instead: ${socket}`);
    if (port === 0) return skipped("port 0: any free one");
    try {
      for (const server of await listenOn(host, port, () => createServer())) close(server);
      return { detail: `${shown} is free` };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE") return taken(signal);
      const hint =
        code === "EACCES"
          ? "Choose a port above 1023 with --port."
          : "Set host to an address of this machine; 127.0.0.1 is the usual one.";
      throw new CheckFailure(1, `nothing can listen on ${shown} (${code})`, hint);
    }
  }

  async function taken(signal: AbortSignal): Promise<Finding> {
    const near = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : shown.replace(/:\d+$/, "");
    const url = new URL(`http://${near}:${port}`);
    const other = toOther(url, createRemote(url, config));
    if (await isRelay(other, signal).catch(() => false))
      return { detail: `a relay serves there already: ${url.origin}` };
    const who = await whoListens(port);
    const hint = "Stop it, or start the relay with --port 0 for a free port.";
    throw new CheckFailure(1, `port ${port} is taken${who ? ` by ${who}` : ""}`, hint);
  }

  return { name: "port", needs: ["config"], run };
}

function close(server: Server): void {
  server.close();
}
