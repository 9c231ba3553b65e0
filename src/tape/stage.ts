import { Duplex } from "node:stream";
import type { Scrub } from "../scrub.ts";
import { type Frame, FrameReader, opcodes, payloadOf, toWire } from "../websocket-frames.ts";

/** What a client sent: a whole message, or its wish to close. */
export type Sent = { message: string | Buffer } | { close: Buffer };

/** The server's end of a WebSocket that nobody stands behind: what is said here, the client hears. */
export class Stage extends Duplex {
  readonly gone: AbortSignal;
  #gone = new AbortController();
  #inbox: Sent[] = [];
  #waiting: ((sent: Sent | undefined) => void) | undefined;
  #parts: Frame[] = [];
  #reader = new FrameReader((frame) => this.#hear(frame));
  #drained: (() => void) | undefined;
  #scrub: Scrub;

  /** `scrub`: what a tape does not hold is not heard either. */
  constructor(scrub: Scrub) {
    super({ allowHalfOpen: true });
    this.#scrub = scrub;
    this.gone = this.#gone.signal;
    this.on("error", () => {});
  }

  /** The client's next message; `undefined`: there will be none. */
  next(): Promise<Sent | undefined> {
    const sent = this.#inbox.shift();
    if (sent || this.gone.aborted) return Promise.resolve(sent);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Resolves when there is room for more. */
  async say(opcode: number, fin: boolean, payload: Buffer): Promise<void> {
    if (this.gone.aborted || this.push(toWire(opcode, fin, payload))) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Ends the connection in order. */
  hangUp(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      this.#reader.add(bytes);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: () => void): void {
    this.#leave();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leave();
    done(error);
  }

  #leave(): void {
    this.#gone.abort();
    this.#drained?.();
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }

  #hear(frame: Frame): void {
    const { opcode } = frame;
    if (opcode === opcodes.ping) void this.say(opcodes.pong, true, payloadOf(frame));
    else if (opcode === opcodes.close) this.#deliver({ close: payloadOf(frame) });
    else if (opcode !== opcodes.pong) {
      this.#parts.push(frame);
      if (frame.fin) this.#deliver({ message: this.#whole() });
    }
  }

  #whole(): string | Buffer {
    const said = Buffer.concat(this.#parts.map(payloadOf)).toString("latin1");
    const bytes = Buffer.from(this.#scrub(said), "latin1");
    const isText = this.#parts[0]!.opcode === opcodes.text;
    this.#parts = [];
    return isText ? bytes.toString("utf8") : bytes;
  }

  #deliver(sent: Sent): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(sent);
    else this.#inbox.push(sent);
  }
}
