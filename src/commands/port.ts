import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

/** Programs that are asked get no key that lies about in the environment. */
const env = { PATH: process.env.PATH };

/** The id of the process that listens on a TCP port; `undefined` where that cannot be known. */
export function pidListening(port: number): Promise<string | undefined> {
  return process.platform === "linux" ? pidFromProc(port) : pidFromLsof(port);
}

/** That process for people, such as `pid 4242, node`. */
export async function whoListens(port: number): Promise<string | undefined> {
  const pid = await pidListening(port);
  if (pid === undefined) return undefined;
  const name = await nameOf(pid);
  return name === undefined ? `pid ${pid}` : `pid ${pid}, ${name}`;
}

/** Linux tells the inode of the listening socket, and which process has that inode open. */
async function pidFromProc(port: number): Promise<string | undefined> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  // Columns 2, 4 and 10 of proc(5): local address, state (0A: listening), inode.
  const row = new RegExp(`:${hex} \\S+ 0A (?:\\S+ +){5}(\\d+)`);
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const inode = row.exec(await readFile(table, "utf8").catch(() => ""))?.[1];
    const pid = inode && (await holderOf(`socket:[${inode}]`));
    if (pid) return pid;
  }
  return undefined;
}

async function holderOf(link: string): Promise<string | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    // Processes of others keep their files to themselves.
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of fds)
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")) === link) return pid;
  }
  return undefined;
}

async function pidFromLsof(port: number): Promise<string | undefined> {
  if (process.platform === "win32") return undefined;
  const args = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"];
  const found = await promisify(execFile)("lsof", args, { env }).catch(() => undefined);
  return found?.stdout.split("\n")[0] || undefined;
}

async function nameOf(pid: string): Promise<string | undefined> {
  const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => undefined);
  if (comm !== undefined) return comm.trim();
  const args = ["-o", "comm=", "-p", pid];
  const found = await promisify(execFile)("ps", args, { env }).catch(() => undefined);
  return found?.stdout.trim() || undefined;
}
