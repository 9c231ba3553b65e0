import { fork } from "node:child_process";
import { once } from "node:events";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxUpstream } from "./peers.ts";
import { end, find, guard } from "./process.ts";
import { type Answered, askRepeatedly, type Load } from "./requests.ts";
import { freePort, startListening, type Target } from "./start.ts";
import { createWrk } from "./wrk.ts";

export type Upstreams = {
  /** Answers everything. */
  port: number;
  /** Answers completions, and is the fastest there is. */
  completionsPort: number;
  /** Asks for completions, likewise. */
  ask(load: Load): Promise<Answered>;
  description: string;
  stop(): Promise<void>;
};

/** Starts what the targets stand in front of. */
export async function startUpstreams(folder: string): Promise<Upstreams> {
  const child = guard(fork(join(import.meta.dirname, "upstream.ts"), { execArgv: [] }));
  const [port] = (await once(child, "message")) as [number];
  const program = find("nginx");
  const nginx = program === undefined ? undefined : await startNginx(program, folder);
  const wrk = find("wrk");
  return {
    port,
    completionsPort: nginx?.port ?? port,
    ask: wrk ? createWrk(wrk, join(folder, "wrk.lua")) : askRepeatedly,
    description: `${wrk ? "wrk" : "own client"} asks, ${nginx ? "nginx" : "own upstream"} answers`,
    async stop() {
      await Promise.all([nginx?.stop(), end(child)]);
    },
  };
}

async function startNginx(program: string, folder: string): Promise<Target> {
  const port = await freePort();
  const file = join(folder, "upstream.conf");
  writeFileSync(file, nginxUpstream(folder, port));
  const stderr = openSync(join(folder, "upstream.log"), "a");
  return startListening([program, "-p", folder, "-c", file], port, { env: {}, stderr, core: 1 });
}
