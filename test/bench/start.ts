import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { now } from "./clock.ts";
import { type Core, end, startOnCore } from "./process.ts";

/** Something that answers on a port. */
export type Target = {
  port: number;
  /** `undefined`: there is nothing between the load and the upstream. */
  pid: number | undefined;
  /** Milliseconds from its start until it said that it listens, or let itself be connected to. */
  readyMs: number;
  /** On the clock of `now()`. */
  startedAt: number;
  /** A path that says, without asking upstream, that it is ready. */
  health?: string;
  stop(): Promise<void>;
};

type Surroundings = { env: NodeJS.ProcessEnv; stderr: number; core?: Core };

/** Starts a Node program that prints its URL once it listens. */
export async function startTelling(
  args: string[],
  { env, stderr, core = 0 }: Surroundings,
): Promise<Target> {
  const startedAt = now();
  const child = startOnCore(core, [process.execPath, ...args], {
    env,
    stdio: ["ignore", "pipe", stderr],
  });
  const [line] = (await Promise.race([once(child.stdout!, "data"), refuse(child)])) as [Buffer];
  return toTarget(child, Number(new URL(line.toString()).port), startedAt);
}

/** Starts a program that is told its port and says nothing. */
export async function startListening(
  command: string[],
  port: number,
  { env, stderr, core = 0 }: Surroundings,
): Promise<Target> {
  const startedAt = now();
  const child = startOnCore(core, command, { env, stdio: ["ignore", "ignore", stderr] });
  await Promise.race([untilListening(port), refuse(child)]);
  return toTarget(child, port, startedAt);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function toTarget(child: ChildProcess, port: number, startedAt: number): Target {
  const readyMs = (now() - startedAt) / 1000;
  return { port, pid: child.pid, startedAt, readyMs, stop: () => end(child) };
}

async function refuse(child: ChildProcess): Promise<never> {
  const [code] = await once(child, "exit");
  throw new Error(`${child.spawnargs.join(" ")} ended with ${code} before it listened`);
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = now() + 5e6; now() < deadline; await pause(1)) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
  }
  throw new Error(`Nothing listens on port ${port}`);
}
