import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { CurlError } from "./failure.ts";

/** Where an answer, or a part of it, goes: a file, or standard output for `-`. */
export class Sink {
  onDrain: () => void = () => {};
  onError: (error: CurlError) => void = () => {};
  /** May change until something was written. */
  path: string;
  /** Whether a file of this name must not be there yet. */
  isNew = false;

  #makesFolders: boolean;
  #stream: Writable | undefined;

  constructor(path: string, makesFolders = false) {
    this.path = path;
    this.#makesFolders = makesFolders;
  }

  /** `false`: wait for `onDrain`. */
  write(bytes: Buffer | string): boolean {
    this.#stream ??= this.#open();
    return this.#stream.write(bytes, "latin1");
  }

  /** Forgets what a file has got so far. */
  async restart(): Promise<void> {
    if (this.path === "-" || !this.#stream) return;
    await this.close();
    this.isNew = false;
    this.#stream = this.#open();
  }

  /** Makes a file, although there may be nothing to say. */
  touch(): void {
    if (this.path !== "-") this.#stream ??= this.#open();
  }

  /** Resolves once everything is where it belongs. */
  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === process.stdout) await new Promise((done) => stream.write("", done));
    else if (stream) await finished(stream.end()).catch(() => {});
  }

  #open(): Writable {
    const stream = this.path === "-" ? process.stdout : this.#openFile();
    stream.on("drain", () => this.onDrain());
    stream.on("error", (cause) => this.onError(writeFailed(this.path, cause)));
    return stream;
  }

  #openFile(): Writable {
    if (this.#makesFolders) makeFolder(dirname(this.path));
    return createWriteStream(this.path, { flags: this.isNew ? "wx" : "w" });
  }
}

/** What cannot be made is reported when the file cannot be. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch {}
}

/** Prints to standard output; rejects with curl's word when nobody takes it. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (cause) => (cause ? reject(writeFailed("-", cause)) : resolve()));
  });
}

/** A reader that left, as `head` does, is no news to anybody. */
export function writeFailed(path: string, { code }: NodeJS.ErrnoException): CurlError {
  const where = path === "-" ? "standard output" : path;
  const error = new CurlError(23, `Cannot write to ${where} (${code})`);
  if (code === "EPIPE") error.message = "";
  return error;
}
