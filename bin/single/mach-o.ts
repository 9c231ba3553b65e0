/** A Mach-O file (64 bit, little endian, one processor), as far as signing needs to know it. */
export type MachO = {
  /** Where the load commands end. */
  commandsEnd: number;
  segments: Segment[];
  /** Where the load command that tells of the signature is, and what it says. */
  signature: { at: number; offset: number; size: number } | undefined;
};

export type Segment = {
  /** Where its load command is. */
  at: number;
  name: string;
  offset: number;
  size: number;
  /** Where the first of its sections begins in the file. */
  firstSection: number | undefined;
};

/** Fields of the header, and of load commands. */
export const header = { magic: 0, processor: 4, commandCount: 16, commandsSize: 20, length: 32 };
export const segment = { name: 8, memory: 32, offset: 40, size: 48, sectionCount: 64, length: 72 };
export const linked = { offset: 8, size: 12, length: 16 };
export const kinds = { segment: 0x19, signature: 0x1d };
const sectionOffset = 48;
const magic = 0xfeedfacf;

export const processors = { x64: 0x01000007, arm64: 0x0100000c };

/** Throws where the file is for another kind of processor. */
export function parseMachO(file: Buffer): MachO {
  if (file.readUInt32LE(header.magic) !== magic)
    throw new Error("This is no Mach-O file for one processor of 64 bit.");
  const parsed: MachO = {
    commandsEnd: header.length + file.readUInt32LE(header.commandsSize),
    segments: [],
    signature: undefined,
  };
  let at = header.length;
  for (let left = file.readUInt32LE(header.commandCount); left > 0; left--) {
    const kind = file.readUInt32LE(at);
    if (kind === kinds.segment) parsed.segments.push(segmentAt(file, at));
    if (kind === kinds.signature)
      parsed.signature = {
        at,
        offset: file.readUInt32LE(at + linked.offset),
        size: file.readUInt32LE(at + linked.size),
      };
    at += file.readUInt32LE(at + 4);
  }
  return parsed;
}

/** The segment of that name; throws where there is none. */
export function findSegment({ segments }: MachO, name: string): Segment {
  const found = segments.find((one) => one.name === name);
  if (!found) throw new Error(`This Mach-O file has no ${name}.`);
  return found;
}

function segmentAt(file: Buffer, at: number): Segment {
  const count = file.readUInt32LE(at + segment.sectionCount);
  return {
    at,
    name: file.toString("latin1", at + segment.name, at + segment.name + 16).replace(/\0+$/, ""),
    offset: Number(file.readBigUInt64LE(at + segment.offset)),
    size: Number(file.readBigUInt64LE(at + segment.size)),
    firstSection: count > 0 ? file.readUInt32LE(at + segment.length + sectionOffset) : undefined,
  };
}
