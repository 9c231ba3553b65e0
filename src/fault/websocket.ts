import { Duplex } from "node:stream";

type Closing = { code: number; after: number };

/** No close frame may carry these (RFC 6455 section 7.4.1): they tell that none came. */
const unsent = new Set([1005, 1006, 1015]);

/**
 * Stands for the other end of a WebSocket, and closes it after so many of its messages: with a close frame
 * of a code, or without one.
 */
export function closingAfter(
  upstream: Duplex,
  { code, after }: Closing,
  struck: () => void,
): Duplex {
  const counter = new MessageCounter(after);
  const tunnel = new Duplex({
    read: () => void upstream.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (counter.isDone) done();
      else upstream.write(chunk, () => done());
    },
    final(done) {
      upstream.end();
      done();
    },
    destroy(error, done) {
      upstream.destroy();
      done(error);
    },
  });

  function close(): void {
    struck();
    upstream.removeListener("data", pass);
    upstream.destroy();
    if (unsent.has(code)) {
      tunnel.destroy();
      return;
    }
    tunnel.push(closeFrame(code));
    tunnel.push(null);
  }

  function pass(chunk: Buffer): void {
    const end = counter.take(chunk);
    if (!tunnel.push(chunk.subarray(0, end))) upstream.pause();
    if (counter.isDone) close();
  }

  upstream.on("data", pass);
  upstream.on("end", () => tunnel.push(null));
  upstream.on("error", (error) => tunnel.destroy(error));
  upstream.on("close", () => {
    if (!upstream.readableEnded && !counter.isDone) tunnel.destroy();
  });
  if (after === 0) queueMicrotask(close);
  return tunnel;
}

/** Counts the messages in the bytes that a server sends: its frames have no mask (RFC 6455 section 5.2). */
class MessageCounter {
  isDone: boolean;
  #left: number;
  /** Of the head of a frame, as far as it has come. */
  #head: number[] = [];
  #payload = 0;
  #endsMessage = false;

  constructor(messages: number) {
    this.#left = messages;
    this.isDone = messages === 0;
  }

  /** How many of these bytes belong to messages that may pass. */
  take(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.isDone) {
      if (this.#payload === 0) at = this.#takeHead(chunk, at);
      const part = Math.min(this.#payload, chunk.length - at);
      this.#payload -= part;
      at += part;
      if (this.#payload === 0 && this.#endsMessage) this.#count();
    }
    return at;
  }

  #takeHead(chunk: Buffer, start: number): number {
    this.#head.push(chunk[start]!);
    const size = [2, 4, 10][Math.max(0, ((this.#head[1] ?? 0) & 0x7f) - 125)]!;
    if (this.#head.length < size) return start + 1;
    const head = Buffer.from(this.#head.splice(0));
    const short = head[1]! & 0x7f;
    if (short < 126) this.#payload = short;
    else this.#payload = short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    // Pings and the like stand between messages.
    this.#endsMessage = (head[0]! & 0x80) !== 0 && (head[0]! & 0x08) === 0;
    return start + 1;
  }

  #count(): void {
    this.#endsMessage = false;
    this.isDone = --this.#left === 0;
  }
}

function closeFrame(code: number): Buffer {
  const reason = "closed on purpose";
  const frame = Buffer.from(`\x88\0\0\0${reason}`, "latin1");
  frame[1] = frame.length - 2;
  frame.writeUInt16BE(code, 2);
  return frame;
}
