import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { end, guard, memoryMiB } from "../bench/process.ts";
import type { Inside } from "./probe.ts";

/** What a process holds at a moment. */
export type Holdings = { rssMiB: number; heapMiB: number; files: number; resources: string };

export type SoakRelay = AsyncDisposable & {
  port: number;
  rssMiB(): number;
  /** The most that there ever was. */
  peakMiB(): number;
  /** After a garbage collection; fails when the relay has ended. */
  holdings(): Promise<Holdings>;
  /** The lines of its log, and whatever else it said on stderr. */
  log(): string[];
  /** How it ended by itself; `undefined`: it runs. */
  readonly death: string | undefined;
};

const here = import.meta.dirname;
const launcher = join(here, "../../bin/openai-relay.cjs");

/** The built relay in a process of its own, with the default settings but for those in `flags`. */
export async function startRelay(upstreamPort: number, flags: string[] = []): Promise<SoakRelay> {
  const folder = mkdtempSync(join(tmpdir(), "relay-soak-"));
  const logFile = join(folder, "log");
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const start = ["start", "--no-config", "--json", "--port", "0", "--upstream", upstream];
  const inspected = ["--expose-gc", "--import", join(here, "probe.ts")];
  const child = guard(
    spawn(process.execPath, [...inspected, launcher, ...start, ...flags], {
      env: { PATH: process.env.PATH, HOME: folder, OPENAI_API_KEY: "sk-soak" },
      stdio: ["ignore", "pipe", openSync(logFile, "w"), "ipc"],
    }),
  );
  let death: string | undefined;
  child.once("exit", (code, signal) => {
    death = `exit ${code ?? signal}`;
  });
  const lines = createInterface({ input: child.stdout! });
  const told = await Promise.race([once(lines, "line"), once(child, "exit")]);
  const log = () => readFileSync(logFile, "utf8").split("\n").filter(Boolean);
  if (death !== undefined) throw new Error(`the relay did not start: ${log().join("\n")}`);
  const { port } = JSON.parse(String(told[0]));

  return {
    port,
    rssMiB: () => memoryMiB(child.pid, "VmRSS") ?? Number.NaN,
    peakMiB: () => memoryMiB(child.pid, "VmHWM") ?? Number.NaN,
    async holdings() {
      if (death !== undefined) throw new Error(`the relay ended: ${death}\n${log().at(-1)}`);
      return await holdingsOf(child);
    },
    log,
    get death() {
      return death;
    },
    async [Symbol.asyncDispose]() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function holdingsOf(child: ChildProcess): Promise<Holdings> {
  child.send("tell");
  const [{ heapBytes, resources }] = (await once(child, "message")) as [Inside];
  return {
    rssMiB: memoryMiB(child.pid, "VmRSS") ?? Number.NaN,
    heapMiB: heapBytes / 1_048_576,
    files: readdirSync(`/proc/${child.pid}/fd`).length,
    resources: Object.entries(resources)
      .map(([kind, count]) => `${count} ${kind}`)
      .sort()
      .join(", "),
  };
}
