import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { NodePackage } from "./targets.ts";

const run = promisify(execFile);

/** Fetches a package once, holds it to its hash each time, and unpacks it; returns its folder. */
export async function unpackNode(node: NodePackage, cache: string): Promise<string> {
  const label = `${node.name}-${node.version}`;
  const tarball = join(cache, `${label}.tgz`);
  if (!existsSync(tarball)) await pack(`${node.name}@${node.version}`, cache);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (integrity !== node.integrity) {
    rmSync(tarball);
    throw new Error(
      `${label}.tgz is not what it was: expected ${node.integrity}, not ${integrity}.`,
    );
  }
  const folder = join(cache, label);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
  return folder;
}

/** The program in the folder of the package. */
export function programIn(folder: string): string {
  const [unix, windows] = [join(folder, "bin/node"), join(folder, "bin/node.exe")];
  return existsSync(unix) ? unix : windows;
}

async function pack(what: string, into: string): Promise<void> {
  const npm = process.env.npm_execpath;
  const [program, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  await run(program, [...first, "pack", "--silent", "--pack-destination", into, what]);
}
