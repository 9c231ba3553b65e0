import { alignedTo } from "./align.ts";

/** The parts of an ELF file (64 bit, little endian) that are looked at here. */
const header = { sections: 40, sectionCount: 60, names: 62, length: 64 };
const section = { name: 0, type: 4, flags: 8, offset: 24, size: 32, length: 64 };
const noBits = 8;
const allocated = 2n;

/**
 * Leaves out what is not loaded when the program runs: symbols and debugging information. Those sections
 * stand behind all that is loaded, so nothing has to move.
 */
export function stripElf(file: Buffer): Buffer {
  const start = Number(file.readBigUInt64LE(header.sections));
  const count = file.readUInt16LE(header.sectionCount);
  const all = Array.from({ length: count }, (_, i) =>
    file.subarray(start + i * section.length, start + (i + 1) * section.length),
  );
  const names = all[file.readUInt16LE(header.names)]!;
  const kept = all.findLastIndex((one) => (flagsOf(one) & allocated) !== 0n) + 1;
  const end = Math.max(...all.slice(0, kept).map(endOf));
  if (all.slice(kept).some((one) => offsetOf(one) < end))
    throw new Error("This ELF file has what is not loaded among what is.");

  const namesAt = alignedTo(8, end);
  const table = alignedTo(8, namesAt + sizeOf(names));
  const stripped = Buffer.alloc(table + (kept + 1) * section.length);
  file.copy(stripped, 0, 0, end);
  file.copy(stripped, namesAt, offsetOf(names), endOf(names));
  for (const [i, one] of [...all.slice(0, kept), names].entries())
    one.copy(stripped, table + i * section.length);
  stripped.writeBigUInt64LE(BigInt(namesAt), table + kept * section.length + section.offset);
  stripped.writeBigUInt64LE(BigInt(table), header.sections);
  stripped.writeUInt16LE(kept + 1, header.sectionCount);
  stripped.writeUInt16LE(kept, header.names);
  return stripped;
}

function flagsOf(one: Buffer): bigint {
  return one.readBigUInt64LE(section.flags);
}

function offsetOf(one: Buffer): number {
  return Number(one.readBigUInt64LE(section.offset));
}

function sizeOf(one: Buffer): number {
  return one.readUInt32LE(section.type) === noBits ? 0 : Number(one.readBigUInt64LE(section.size));
}

function endOf(one: Buffer): number {
  return offsetOf(one) + sizeOf(one);
}
