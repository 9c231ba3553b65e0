import { createInflateRaw, type InflateRaw } from "node:zlib";
import { type Frame, FrameReader, opcodes, payloadOf } from "../websocket-frames.ts";
import type { Slice } from "./call.ts";

/** What one side of a WebSocket said. */
export type Message = { at: number; type: NonNullable<Slice["type"]>; bytes: Buffer };

/** Bytes of a message, at most. */
const largest = 64 * 1024 ** 2;

/** What ends a compressed message, and is left out on the wire (RFC 7692 section 7.2.1). */
const tail = Buffer.from([0, 0, 0xff, 0xff]);

/** Puts together what one side of a WebSocket says. What is no WebSocket ends the listening. */
export class Messages {
  #reader: FrameReader;
  #hear: (message: Message) => void;
  #inflate: InflateRaw | undefined;
  #frames: Frame[] = [];
  #size = 0;
  #at = 0;
  #isDeaf = false;
  /** What is being unpacked; messages keep their order. */
  #busy: Promise<void> | undefined;

  constructor(mayCompress: boolean, hear: (message: Message) => void) {
    this.#reader = new FrameReader((frame) => this.#take(frame), mayCompress);
    this.#hear = hear;
  }

  add(at: number, bytes: Buffer): void {
    if (this.#isDeaf) return;
    this.#at = at;
    try {
      this.#reader.add(bytes);
    } catch {
      this.#isDeaf = true;
    }
  }

  /** `undefined`: everything was heard. */
  get busy(): Promise<void> | undefined {
    return this.#busy;
  }

  close(): void {
    this.#isDeaf = true;
    this.#inflate?.close();
  }

  #take(frame: Frame): void {
    const { opcode, fin, bytes } = frame;
    if (opcode === opcodes.ping || opcode === opcodes.pong) return;
    if (opcode === opcodes.close) {
      this.#tell(this.#at, "close", payloadOf(frame), false);
      return;
    }
    this.#frames.push(frame);
    this.#size += bytes.length;
    if (this.#size > largest) throw new Error("too large");
    if (!fin) return;
    const [first] = this.#frames;
    const type = first!.opcode === opcodes.text ? "text" : "binary";
    const payload = Buffer.concat(this.#frames.map(payloadOf));
    const { isCompressed } = first!;
    this.#frames = [];
    this.#size = 0;
    this.#tell(this.#at, type, payload, isCompressed);
  }

  #tell(at: number, type: Message["type"], payload: Buffer, isCompressed: boolean): void {
    if (!isCompressed && !this.#busy) {
      this.#hear({ at, type, bytes: payload });
      return;
    }
    const before = this.#busy;
    const done: Promise<void> = this.#tellLater(before, at, type, payload, isCompressed).finally(
      () => {
        if (this.#busy === done) this.#busy = undefined;
      },
    );
    this.#busy = done;
  }

  async #tellLater(
    before: Promise<void> | undefined,
    at: number,
    type: Message["type"],
    payload: Buffer,
    isCompressed: boolean,
  ): Promise<void> {
    await before;
    if (this.#isDeaf) return;
    const bytes = isCompressed ? await this.#unpack(payload) : payload;
    if (bytes) this.#hear({ at, type, bytes });
    else this.#isDeaf = true;
  }

  /** `undefined`: it cannot be. */
  #unpack(payload: Buffer): Promise<Buffer | undefined> {
    // One for all messages: each may refer to those before it.
    this.#inflate ??= createInflateRaw().on("error", () => {});
    const inflate = this.#inflate;
    const pieces: Buffer[] = [];
    let size = 0;
    const gather = (piece: Buffer) => {
      size += piece.length;
      if (size <= largest) pieces.push(piece);
    };
    inflate.on("data", gather);
    inflate.write(payload);
    inflate.write(tail);
    return new Promise((resolve) => {
      const fail = () => resolve(undefined);
      inflate.once("error", fail);
      inflate.flush(() => {
        inflate.off("data", gather);
        inflate.off("error", fail);
        resolve(size <= largest ? Buffer.concat(pieces) : undefined);
      });
    });
  }
}
