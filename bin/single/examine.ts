import { header, parseMachO, processors } from "./mach-o.ts";
import { findPeHeader, isSigned } from "./pe.ts";
import { findFlaw } from "./signature.ts";
import type { Target } from "./targets.ts";

/** Node reads it at start: 1 says that there is a program inside. */
const fuse = /NODE_SEA_FUSE_[0-9a-f]{32}:(.)/;
const elf = { magic: "\x7fELF", machine: 18, machines: { x64: 62, arm64: 183 } };

/** What can be told of an executable without starting it. Throws when something is not as it must be. */
export function examine(file: Buffer, target: Target, bundle: Buffer, root: string): void {
  const flaws = [
    ...flawsOfFormat(file, target),
    fuseOf(file) === "1" ? undefined : "Node would start as if nothing were put in",
    file.includes(bundle) ? undefined : "the relay is not in it",
    file.includes(`${root}/`) ? "it names a folder of this machine" : undefined,
  ].filter((flaw) => flaw !== undefined);
  if (flaws.length > 0) throw new Error(`${target.name}: ${flaws.join(", ")}.`);
}

function fuseOf(file: Buffer): string | undefined {
  const at = file.indexOf("NODE_SEA_FUSE_");
  return fuse.exec(file.toString("latin1", at, at + 64))?.[1];
}

function flawsOfFormat(file: Buffer, { system, arch }: Target): (string | undefined)[] {
  if (system === "win") {
    findPeHeader(file);
    return [isSigned(file) ? "it has a signature that cannot be right" : undefined];
  }
  if (system === "macos") {
    const isRight = file.readUInt32LE(header.processor) === processors[arch];
    const hasRelay = parseMachO(file).segments.some(({ name }) => name === "NODE_SEA");
    return [
      isRight ? undefined : "it is for another processor",
      hasRelay ? undefined : "it has no segment of the relay's",
      findFlaw(file),
    ];
  }
  const isElf = file.toString("latin1", 0, 4) === elf.magic;
  const isRight = isElf && file.readUInt16LE(elf.machine) === elf.machines[arch];
  return [isRight ? undefined : "it is no ELF file for this processor"];
}
