import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { isSea } from "node:sea";
import type { Readable } from "node:stream";
import type { Lines } from "../observe/lines.ts";
import { createLink, type Link } from "./link.ts";
import type { ToPrimary, ToWorker } from "./words.ts";

/** A worker as the primary sees it. */
export type Hand = {
  readonly pid: number | undefined;
  readonly link: Link<ToWorker>;
  /** False once it is gone. */
  readonly isThere: boolean;
  give(socket: Socket): void;
  /** Connections that have not reached it. */
  readonly undelivered: ReadonlySet<Socket>;
  kill(): void;
  /** How it ended, once all that it wrote has been read. */
  readonly ended: Promise<string>;
};

/** Tells `relay start` that it is a worker. */
const mark = "OPENAI_RELAY_WORKER";

/** Starts this program once more, as a worker. Nothing of the settings is in its arguments. */
export function startHand(lines: Lines, answers: ToPrimary): Hand {
  // A single executable takes its first argument for a command, not for a file to run.
  const [first, ...rest] = isSea() ? ["start"] : [process.argv[1]!, "start"];
  const child = fork(first!, rest, {
    env: { ...process.env, [mark]: "1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const undelivered = new Set<Socket>();
  passLines(child.stderr!, lines);
  return {
    pid: child.pid,
    link: createLink(child, answers),
    get isThere() {
      return child.connected;
    },
    give(socket) {
      undelivered.add(socket);
      child.send("connection", socket, { keepOpen: false }, (error) => {
        if (!error) undelivered.delete(socket);
      });
    },
    undelivered,
    kill: () => child.kill("SIGKILL"),
    ended: endOf(child),
  };
}

/** Never half a line, and never one within another. */
function passLines(from: Readable, to: Lines): void {
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) to.write(`${line}\n`);
  });
  from.on("end", () => {
    if (rest !== "") to.write(`${rest}\n`);
  });
}

function endOf(child: ChildProcess): Promise<string> {
  // One that could not be started closes too.
  child.on("error", () => {});
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}
