/** The parts of a PE file (64 bit) that are looked at here, from its PE header on. */
const header = { machine: 4, magic: 24, checksum: 88, certificates: 168 };
const x64 = 0x8664;
const pe32plus = 0x20b;

/** Where the PE header of a Windows program for x64 begins; throws where it is none. */
export function findPeHeader(file: Buffer): number {
  const at = file.readUInt32LE(60);
  const isPe =
    file.toString("latin1", 0, 2) === "MZ" &&
    file.toString("latin1", at, at + 4) === "PE\0\0" &&
    file.readUInt16LE(at + header.machine) === x64 &&
    file.readUInt16LE(at + header.magic) === pe32plus;
  if (!isPe) throw new Error("This is no Windows program for x64.");
  return at;
}

/** Whether it carries a signature, valid or not. */
export function isSigned(file: Buffer): boolean {
  return file.readUInt32LE(findPeHeader(file) + header.certificates + 4) > 0;
}

/** Takes off Node's own signature: it would be broken by what is put in, which is worse than none. */
export function unsignPe(file: Buffer): Buffer {
  const at = findPeHeader(file);
  const entry = at + header.certificates;
  const [offset, size] = [file.readUInt32LE(entry), file.readUInt32LE(entry + 4)];
  if (size === 0) return file;
  if (offset + size !== file.length) throw new Error("The signature is not the file's end.");
  const unsigned = Buffer.from(file.subarray(0, offset));
  unsigned.fill(0, entry, entry + 8);
  // Only drivers are held to it.
  unsigned.writeUInt32LE(0, at + header.checksum);
  return unsigned;
}
