/** A frame of a WebSocket (RFC 6455 section 5.2). */
export type Frame = {
  opcode: number;
  /** The last one of its message. */
  fin: boolean;
  /** As it came over the wire. */
  bytes: Buffer;
  mask: Buffer | undefined;
  /** The first one of a message that is compressed (RFC 7692). */
  isCompressed: boolean;
};

export const opcodes = { rest: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Bytes of a frame, at most. */
const largest = 64 * 1024 ** 2;

/** Cuts what comes over a connection into frames. Throws at what is none. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes without which nothing can be told. */
  #need = 2;
  #tell: (frame: Frame) => void;
  #mayCompress: boolean;

  /** `mayCompress`: permessage-deflate was agreed upon. No other extension is known. */
  constructor(tell: (frame: Frame) => void, mayCompress = false) {
    this.#tell = tell;
    this.#mayCompress = mayCompress;
  }

  add(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#need) return;
    let rest = Buffer.concat(this.#pieces);
    for (;;) {
      const length = lengthOf(rest);
      this.#need = length;
      if (rest.length < length) break;
      this.#tell(toFrame(rest.subarray(0, length), this.#mayCompress));
      rest = rest.subarray(length);
    }
    this.#pieces = [rest];
    this.#size = rest.length;
  }
}

/** What the payload is. */
export function payloadOf({ bytes, mask }: Frame): Buffer {
  if (!mask) return bytes;
  const plain = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i++) plain[i] = bytes[i]! ^ mask[i & 3]!;
  return plain;
}

/** A frame as a server sends it. */
export function toWire(opcode: number, fin: boolean, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The length of the frame that begins here, or of as much of its head as is needed to tell. */
function lengthOf(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const head = startOf(bytes);
  if (bytes.length < head) return head;
  const short = bytes[1]! & 0x7f;
  const long = () => (short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)));
  const length = short < 126 ? short : long();
  if (length > largest) throw new Error("one of its messages is too large");
  return head + length;
}

function toFrame(bytes: Buffer, mayCompress: boolean): Frame {
  const opcode = bytes[0]! & 0x0f;
  const isKnown = (Object.values(opcodes) as number[]).includes(opcode);
  if (bytes[0]! & (mayCompress ? 0x30 : 0x70) || !isKnown)
    throw new Error("it is not plain WebSocket");
  const start = startOf(bytes);
  const isMasked = (bytes[1]! & 0x80) !== 0;
  return {
    opcode,
    fin: (bytes[0]! & 0x80) !== 0,
    isCompressed: (bytes[0]! & 0x40) !== 0,
    bytes: bytes.subarray(start),
    mask: isMasked ? bytes.subarray(start - 4, start) : undefined,
  };
}

/** Where the payload begins. */
function startOf(bytes: Buffer): number {
  const short = bytes[1]! & 0x7f;
  return (short < 126 ? 2 : short === 126 ? 4 : 10) + (bytes[1]! & 0x80 ? 4 : 0);
}
