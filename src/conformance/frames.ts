import type { Dice } from "./dice.ts";

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

type Frame = {
  opcode: keyof typeof opcodes;
  payload: Buffer;
  /** Not the last frame of its message. */
  more?: boolean;
  /** The bit of permessage-deflate. */
  compressed?: boolean;
  mask?: Buffer;
};

/** A WebSocket frame (RFC 6455 section 5.2). */
export function frame({ opcode, payload, more, compressed, mask }: Frame): Buffer {
  const first = (more ? 0 : 0x80) | (compressed ? 0x40 : 0) | opcodes[opcode];
  const bit = mask ? 0x80 : 0;
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  if (head.length === 2) head[1] = bit | length;
  else if (head.length === 4) {
    head[1] = bit | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = bit | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!mask) return Buffer.concat([head, payload]);
  const masked = payload.map((byte, i) => byte ^ mask[i % 4]!) as Buffer;
  return Buffer.concat([head, mask, masked]);
}

/** A conversation of one side: frames of every kind, the last one a close. */
export function conversation(dice: Dice, isClient: boolean): Buffer {
  const said: Omit<Frame, "mask">[] = [
    { opcode: "text", payload: Buffer.from('{"type":"response.create","é":"☃"}') },
    { opcode: "text", payload: Buffer.from("split "), more: true },
    { opcode: "ping", payload: Buffer.from("between") },
    { opcode: "continuation", payload: Buffer.from("message") },
    { opcode: "binary", payload: dice.bytes(dice.between(126, 500)) },
    { opcode: "binary", payload: dice.bytes(70_000) },
    { opcode: "text", payload: dice.bytes(20), compressed: true },
    { opcode: "pong", payload: Buffer.alloc(0) },
    { opcode: "text", payload: Buffer.alloc(0) },
    { opcode: "close", payload: closing(dice.pick([1000, 1001, 1011, 3000, 4999]), "bye ☃") },
  ];
  return Buffer.concat(said.map((one) => frame(isClient ? { ...one, mask: dice.bytes(4) } : one)));
}

function closing(code: number, reason: string): Buffer {
  const bytes = Buffer.from(`..${reason}`);
  bytes.writeUInt16BE(code, 0);
  return bytes;
}
