import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { HeaderList } from "../exchange.ts";
import { CurlError } from "./failure.ts";

/** Where an answer, or a part of it, goes. */
export type Sink = {
  /** `false`: wait for `onDrain`. */
  write(bytes: Buffer | string): boolean;
  /** Resolves once everything is where it belongs. */
  close(): Promise<void>;
};

type Events = { onDrain: () => void; onError: (error: CurlError) => void };

/** A file, or standard output for `-`. A file is made when there is something to say. */
export function createSink(path: string, { onDrain, onError }: Events): Sink {
  let stream: Writable | undefined;

  function open(): Writable {
    stream = path === "-" ? process.stdout : createWriteStream(path);
    stream.on("drain", onDrain);
    stream.on("error", (cause: NodeJS.ErrnoException) => onError(writeFailed(path, cause)));
    return stream;
  }

  return {
    write: (bytes) => (stream ?? open()).write(bytes, "latin1"),
    async close() {
      if (stream === process.stdout) await new Promise((done) => stream?.write("", done));
      else if (stream) await finished(stream.end()).catch(() => {});
    },
  };
}

/** Heads as `-v` shows them, on standard error. */
export const verboseSink: Sink = {
  write: (text) => process.stderr.write(String(text).replace(/.*\r\n/g, "< $&")),
  close: async () => {},
};

/** A reader that left, as `head` does, is no news to anybody. */
export function writeFailed(path: string, { code }: NodeJS.ErrnoException): CurlError {
  const where = path === "-" ? "standard output" : path;
  const error = new CurlError(23, `Cannot write to ${where} (${code})`);
  if (code === "EPIPE") error.message = "";
  return error;
}

/** The head of an answer as it stands on the wire. */
export function formatHead(status: number, reason: string, headers: HeaderList): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${formatLines(headers)}\r\n`;
}

export function formatLines(headers: HeaderList): string {
  let lines = "";
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}
