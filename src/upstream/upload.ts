import type { Socket } from "node:net";
import type { Readable } from "node:stream";

/** What an upload tells whoever started it; after `stop` it tells nothing more. */
export type UploadEvents = {
  progress(): void;
  done(): void;
  /** The body broke off. */
  failed(error: Error): void;
};

/** Sends a body as it arrives: a slice at a time, no faster than upstream reads. */
export class Upload {
  #socket: Socket;
  #body: Readable;
  #on: UploadEvents;
  #isChunked: boolean;

  constructor(socket: Socket, body: Readable, isChunked: boolean, on: UploadEvents) {
    this.#socket = socket;
    this.#body = body;
    this.#isChunked = isChunked;
    this.#on = on;
    socket.on("drain", this.#resume);
    body.on("data", this.#send).on("end", this.#end).on("error", this.#fail);
  }

  stop(): void {
    this.#socket.off("drain", this.#resume);
    this.#body.off("data", this.#send).off("end", this.#end).off("error", this.#fail);
  }

  #send = (slice: Buffer): void => {
    if (slice.length === 0) return;
    this.#on.progress();
    const socket = this.#socket;
    if (this.#isChunked) {
      socket.cork();
      socket.write(`${slice.length.toString(16)}\r\n`, "latin1");
      socket.write(slice);
      socket.write("\r\n", "latin1");
      socket.uncork();
    } else socket.write(slice);
    if (socket.writableNeedDrain) this.#body.pause();
  };

  #resume = (): void => {
    this.#body.resume();
  };

  #end = (): void => {
    this.stop();
    if (this.#isChunked) this.#socket.write("0\r\n\r\n", "latin1");
    this.#on.done();
  };

  #fail = (error: Error): void => {
    this.stop();
    this.#on.failed(error);
  };
}
