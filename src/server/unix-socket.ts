import { once } from "node:events";
import { lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";

/** Why nothing can listen at the path of a Unix socket. */
export class SocketPathError extends Error {
  override name = "SocketPathError";
}

/** Bytes that a path may have: `sun_path` in unix(7), less the one that ends it. */
const longest = process.platform === "linux" ? 107 : 103;

/** Listens on a socket file that only this user can open, from its first moment on. */
export async function listenOnSocket(path: string, server: Server): Promise<void> {
  if (process.platform === "win32")
    throw new SocketPathError("Windows has none. Listen on a port, and set tokens.");
  const length = Buffer.byteLength(path);
  if (length > longest)
    throw new SocketPathError(`it has ${length} bytes, and the system takes ${longest} at most.`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await removeStale(path);
    await listen(path, server);
  } catch (error) {
    if (error instanceof SocketPathError) throw error;
    throw new SocketPathError(`it cannot be made (${(error as NodeJS.ErrnoException).code}).`);
  }
}

async function listen(path: string, server: Server): Promise<void> {
  const before = process.umask(0o177);
  try {
    // Made in this very call; a chmod would come later.
    server.listen({ path, backlog: 4096 });
  } finally {
    process.umask(before);
  }
  await once(server, "listening");
  // A connection that cannot be accepted (no more file descriptors) is no reason to end.
  server.on("error", () => {});
}

/** Clears away what a relay left that was killed, and nothing else. */
async function removeStale(path: string): Promise<void> {
  const found = look(path);
  if (!found) return;
  if (!found.isSocket()) throw new SocketPathError("there is something else, which is no socket.");
  if (found.uid !== process.getuid?.())
    throw new SocketPathError(`there is a socket of another user (${found.uid}).`);
  if (await isServed(path)) throw new SocketPathError("another program listens there.");
  // Somebody may have been faster.
  if (look(path)?.ino === found.ino) unlinkSync(path);
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

async function isServed(path: string): Promise<boolean> {
  const probe = connect({ path });
  try {
    await once(probe, "connect");
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ECONNREFUSED";
  } finally {
    probe.destroy();
  }
}
