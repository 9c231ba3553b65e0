import { createHash } from "node:crypto";
import { alignedTo } from "./align.ts";
import { findSegment, header, kinds, linked, type MachO, parseMachO, segment } from "./mach-o.ts";

// An ad-hoc signature: hashes of all pages and nobody's name. macOS on Apple's processors starts nothing
// without one. All numbers of it are big endian; the pages are of 4 KiB whatever those of the machine are.
const magics = { list: 0xfade0cc0, directory: 0xfade0c02 };
/** The list has one entry: it stands before it. */
const list = { magic: 0, size: 4, count: 8, offset: 16, length: 20 };
const directory = {
  magic: 0,
  size: 4,
  version: 8,
  flags: 12,
  hashes: 16,
  name: 20,
  pageCount: 28,
  limit: 32,
  hashSize: 36,
  hashKind: 37,
  pageSize: 39,
  textOffset: 64,
  textSize: 72,
  textFlags: 80,
  length: 88,
};
const version = 0x20400;
const adHoc = 2;
const sha256 = { kind: 2, size: 32 };
const pageBits = 12;
const page = 1 << pageBits;
const mainProgram = 1n;
const memoryPage = 16_384;

/** Gives a program an ad-hoc signature in place of what signature it has. */
export function sign(file: Buffer, name: string): Buffer {
  const parsed = parseMachO(file);
  const last = findSegment(parsed, "__LINKEDIT");
  const text = findSegment(parsed, "__TEXT");
  if (parsed.segments.some(({ offset, size }) => size > 0 && offset > last.offset))
    throw new Error("__LINKEDIT is not at the end: there is no place for a signature.");

  const end = parsed.signature?.offset ?? last.offset + last.size;
  const limit = alignedTo(16, end);
  const pageCount = Math.ceil(limit / page);
  const hashes = directory.length + name.length + 1;
  const size = list.length + hashes + pageCount * sha256.size;
  const signed = Buffer.alloc(limit + alignedTo(16, size));
  file.copy(signed, 0, 0, end);

  const command = parsed.signature?.at ?? addCommand(signed, parsed);
  signed.writeUInt32LE(limit, command + linked.offset);
  signed.writeUInt32LE(signed.length - limit, command + linked.size);
  const newSize = signed.length - last.offset;
  signed.writeBigUInt64LE(BigInt(newSize), last.at + segment.size);
  signed.writeBigUInt64LE(BigInt(alignedTo(memoryPage, newSize)), last.at + segment.memory);

  const signature = signed.subarray(limit);
  signature.writeUInt32BE(magics.list, list.magic);
  signature.writeUInt32BE(size, list.size);
  signature.writeUInt32BE(1, list.count);
  signature.writeUInt32BE(list.length, list.offset);
  const entry = signature.subarray(list.length);
  entry.writeUInt32BE(magics.directory, directory.magic);
  entry.writeUInt32BE(size - list.length, directory.size);
  entry.writeUInt32BE(version, directory.version);
  entry.writeUInt32BE(adHoc, directory.flags);
  entry.writeUInt32BE(hashes, directory.hashes);
  entry.writeUInt32BE(directory.length, directory.name);
  entry.writeUInt32BE(pageCount, directory.pageCount);
  entry.writeUInt32BE(limit, directory.limit);
  entry.writeUInt8(sha256.size, directory.hashSize);
  entry.writeUInt8(sha256.kind, directory.hashKind);
  entry.writeUInt8(pageBits, directory.pageSize);
  entry.writeBigUInt64BE(BigInt(text.offset), directory.textOffset);
  entry.writeBigUInt64BE(BigInt(text.size), directory.textSize);
  entry.writeBigUInt64BE(mainProgram, directory.textFlags);
  entry.write(name, directory.length, "latin1");
  // Last: the first page holds the load commands.
  for (const [i, hash] of hashesOf(signed, limit).entries())
    hash.copy(entry, hashes + i * sha256.size);
  return signed;
}

/** Holds every page to its hash. Says what is wrong; `undefined` when nothing is. */
export function findFlaw(file: Buffer): string | undefined {
  const parsed = parseMachO(file);
  const { segments, signature } = parsed;
  if (!signature) return "it is not signed";
  const last = findSegment(parsed, "__LINKEDIT");
  if (signature.offset + signature.size !== file.length) return "the signature is not its end";
  if (last.offset + last.size !== file.length) return "__LINKEDIT is not its end";
  const ordered = segments.filter(({ size }) => size > 0).sort((a, b) => a.offset - b.offset);
  const overlap = ordered.find(({ offset, size }, i) => {
    return offset + size > (ordered[i + 1]?.offset ?? file.length);
  });
  if (overlap) return `${overlap.name} reaches into what follows it`;

  const bytes = file.subarray(signature.offset);
  if (bytes.readUInt32BE(list.magic) !== magics.list) return "there is no signature";
  // Apple's own may list a directory with SHA-1 beside this one.
  const directories = Array.from({ length: bytes.readUInt32BE(list.count) }, (_, i) =>
    bytes.subarray(bytes.readUInt32BE(list.offset + i * 8)),
  ).filter((entry) => entry.readUInt32BE(directory.magic) === magics.directory);
  const entry = directories.find((one) => one[directory.hashKind] === sha256.kind);
  if (!entry) return "the signature has no SHA-256 hashes";
  if (entry.readUInt32BE(directory.limit) !== signature.offset) return "not all of it is signed";
  const hashes = entry.subarray(entry.readUInt32BE(directory.hashes));
  const wrong = hashesOf(file, signature.offset).filter((hash, i) => {
    return !hash.equals(hashes.subarray(i * sha256.size, (i + 1) * sha256.size));
  });
  return wrong.length > 0 ? `${wrong.length} pages are not what was signed` : undefined;
}

function hashesOf(file: Buffer, limit: number): Buffer[] {
  return Array.from({ length: Math.ceil(limit / page) }, (_, i) =>
    createHash("sha256")
      .update(file.subarray(i * page, Math.min((i + 1) * page, limit)))
      .digest(),
  );
}

/** A load command that tells where the signature is. */
function addCommand(file: Buffer, { commandsEnd, segments }: MachO): number {
  const starts = segments.flatMap(({ firstSection, size }) =>
    size > 0 ? (firstSection ?? []) : [],
  );
  if (commandsEnd + linked.length > Math.min(...starts))
    throw new Error("There is no room for a load command.");
  file.writeUInt32LE(file.readUInt32LE(header.commandCount) + 1, header.commandCount);
  file.writeUInt32LE(file.readUInt32LE(header.commandsSize) + linked.length, header.commandsSize);
  file.writeUInt32LE(kinds.signature, commandsEnd);
  file.writeUInt32LE(linked.length, commandsEnd + 4);
  return commandsEnd;
}
