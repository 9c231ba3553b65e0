import { write, writeSync } from "node:fs";

export type Lines = { write(line: string): void };

/** Milliseconds that a line may wait for others. */
const delayMs = 100;

/** Characters that are written without waiting for more. */
const batch = 16_384;

/** What a reader who has stopped reading leaves waiting; lines beyond it are lost. */
const maxWaiting = 4 * 1024 * 1024;

/**
 * Writes lines to a file descriptor, several at once: one write a line costs as much as all the rest of
 * a request. A full disk or a reader that left costs the lines, never the process.
 */
export function createLines(fd: number): Lines {
  let waiting = "";
  let isWriting = false;
  let timer: NodeJS.Timeout | undefined;

  function schedule(): void {
    if (isWriting || waiting === "") return;
    if (waiting.length >= batch) flush();
    else timer ??= setTimeout(flush, delayMs).unref();
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    isWriting = true;
    const bytes = Buffer.from(waiting);
    waiting = "";
    send(bytes);
  }

  function send(bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      // A terminal or pipe that somebody else has made non-blocking.
      if (error?.code === "EAGAIN") setTimeout(send, delayMs, bytes).unref();
      else if (!error && written < bytes.length) send(bytes.subarray(written));
      else {
        isWriting = false;
        schedule();
      }
    });
  }

  process.on("exit", () => {
    try {
      let rest = Buffer.from(waiting);
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch {
      // There is nobody left to tell.
    }
  });

  return {
    write(line) {
      if (waiting.length + line.length > maxWaiting) return;
      waiting += line;
      schedule();
    },
  };
}
