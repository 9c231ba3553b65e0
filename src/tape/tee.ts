import { Readable } from "node:stream";

type Listener = {
  piece(piece: Buffer): void;
  /** All of it has come, or `false`: the rest never will. */
  over(whole: boolean): void;
};

/** A body on its way up that somebody else hears too. */
export class Tee extends Readable {
  #source: Readable;
  #listener: Listener;

  constructor(source: Readable, listener: Listener) {
    // As the body that it stands for: pieces, two at most.
    super({ objectMode: true, highWaterMark: 2 });
    this.#source = source;
    this.#listener = listener;
    this.on("error", () => {});
    source.on("data", (piece: Buffer) => {
      listener.piece(piece);
      if (!this.push(piece)) source.pause();
    });
    source.once("end", () => {
      listener.over(true);
      this.push(null);
    });
    source.once("error", (error) => this.destroy(error));
    source.pause();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#source.readableEnded) this.#listener.over(false);
    this.#source.destroy();
    done(error);
  }
}
