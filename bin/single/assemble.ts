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
  bundle: Buffer;
  /** Whether V8 may compile it now: it takes the result only on the kind of machine that made it. */
  isCompiled: boolean;
  /** A folder to work in, which is emptied. */
  folder: string;
  output: string;
};

const here = import.meta.dirname;

/** Puts the bundle into a copy of Node that has nothing in it that nobody runs. */
export async function assemble(target: Target, parts: Parts): Promise<void> {
  const { maker, bundle, isCompiled, folder, output } = parts;
  rmSync(folder, { recursive: true, force: true });
  placeForPkg(lighten(readFileSync(parts.program), target), target, folder);
  const run = (...args: string[]) =>
    promisify(execFile)(maker, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, OPENAI_API_KEY: "sk-none" },
    });

  const [main, relay, compiled] = ["main.cjs", "relay", "compiled"].map((name) => {
    return join(folder, name);
  }) as [string, string, string];
  copyFileSync(join(here, "main.cjs"), main);
  writeFileSync(relay, asFunction(bundle));
  if (isCompiled) await run("--hash-seed=1", join(here, "compile.ts"), relay, compiled);
  else writeFileSync(compiled, "");
  // pkg works in a folder inside of this one: from there, this is the way to it on every machine.
  const plan: Plan = { main, name: "../main.cjs", assets: { relay, compiled }, target, output };
  await run(join(here, "inject.ts"), JSON.stringify(plan));
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

/** A script whose value is a function that runs the bundle as a CommonJS module. */
function asFunction(bundle: Buffer): string {
  const text = bundle.toString("latin1");
  if (/[^\0-\x7f]/.test(text)) throw new Error("The bundle is not all ASCII.");
  return `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
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
