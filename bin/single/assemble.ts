import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { stripElf } from "./elf.ts";
import type { Plan } from "./inject.ts";
import { unsignPe } from "./pe.ts";
import { sign } from "./signature.ts";
import type { Target } from "./targets.ts";

type Parts = {
  /** Node for the target. */
  program: string;
  /** Node of the same version, for this machine. */
  maker: string;
  bundle: string;
  /** A folder to work in, which is emptied. */
  folder: string;
  codeCache: boolean;
  output: string;
};

/** Puts the bundle into a copy of Node that has nothing in it that nobody runs. */
export async function assemble(target: Target, parts: Parts): Promise<void> {
  const { maker, folder, codeCache, output } = parts;
  rmSync(folder, { recursive: true, force: true });
  placeForPkg(lighten(readFileSync(parts.program), target), target, folder);
  // pkg works in a folder inside of this one: from there, this is the way to it on every machine.
  const bundle = join(folder, "relay.cjs");
  copyFileSync(parts.bundle, bundle);
  const plan: Plan = { bundle, name: "../relay.cjs", target, output, codeCache };
  const inject = join(import.meta.dirname, "inject.ts");
  await promisify(execFile)(maker, [inject, JSON.stringify(plan)], {
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
  });
  if (target.system === "macos") writeFileSync(output, sign(readFileSync(output), "openai-relay"));
  chmodSync(output, 0o755);
  rmSync(folder, { recursive: true });
}

/** Before anything is put in: the finished executable would not survive it. */
function lighten(program: Buffer, { system }: Target): Buffer {
  if (system === "linux") return stripElf(program);
  if (system === "win") return unsignPe(program);
  return program;
}

/** Where pkg keeps what it has downloaded and found good, so that it downloads nothing. */
function placeForPkg(program: Buffer, { system, arch, node }: Target, home: string): void {
  const os = system === "macos" ? "darwin" : system;
  const base = join(home, `.pkg-cache/sea/node-v${node.version}-${os}-${arch}`);
  const [archive, file] =
    system === "win" ? [`${base}.zip`, `${base}.exe`] : [`${base}.tar.gz`, `${base}/bin/node`];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, program, { mode: 0o755 });
  for (const empty of [archive, `${archive}.ok`, `${file}.ok`]) writeFileSync(empty, "");
}
