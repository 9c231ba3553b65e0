import { hash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../config/error.ts";
import { stateFolder } from "../config/folders.ts";

/** Milliseconds in which a link can be opened. */
const lifeMs = 60_000;

/**
 * Makes a link that opens the inspector of the relay on a port, once. What proves that it is the user's is
 * a file in their state folder, which no other user can write to: its name holds the hash of the link's code.
 */
export function createLink(env: NodeJS.ProcessEnv, origin: string, port: number): string {
  const folder = folderOf(env);
  const code = randomBytes(32).toString("base64url");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    for (const name of readdirSync(folder)) sweep(join(folder, name));
    writeFileSync(join(folder, nameOf(port, code)), "", { mode: 0o600, flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`No link can be made: ${folder} cannot be written (${code}).`);
  }
  return `${origin}/_relay/open?code=${code}`;
}

/** Whether a code opens the relay on this port. It does so once, whichever of several processes is asked. */
export async function burnCode(
  env: NodeJS.ProcessEnv,
  port: number,
  code: string,
): Promise<boolean> {
  const file = join(folderOf(env), nameOf(port, code));
  try {
    const { mtimeMs } = await stat(file);
    // Of all that try, the system lets one remove it.
    await unlink(file);
    return isYoung(mtimeMs);
  } catch {
    return false;
  }
}

function folderOf(env: NodeJS.ProcessEnv): string {
  return join(stateFolder(env), "links");
}

function nameOf(port: number, code: string): string {
  return `${port}-${hash("sha256", code)}`;
}

function isYoung(madeMs: number): boolean {
  // Clocks are set back, too.
  return Math.abs(Date.now() - madeMs) < lifeMs;
}

/** Removes what was never opened. */
function sweep(file: string): void {
  const made = statSync(file, { throwIfNoEntry: false });
  if (made && !isYoung(made.mtimeMs)) rmSync(file, { force: true });
}
