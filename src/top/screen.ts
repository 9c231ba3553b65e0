import { writeSync } from "node:fs";

/** The whole terminal, for as long as a program draws on it. */
export type Screen = {
  draw(lines: readonly string[]): void;
  /** Resolves with the signal that ends the program, or when the user or the terminal leaves. */
  left: Promise<NodeJS.Signals | undefined>;
  close(): void;
};

/** Another screen without a cursor; and back to what was there before. */
const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Events = { key(key: string): void; resized(): void };

/** Takes the terminal over. It is given back on every way out of this process but SIGKILL. */
export function openScreen({ key, resized }: Events): Screen {
  const { stdin, stdout } = process;
  const { promise: left, resolve } = Promise.withResolvers<NodeJS.Signals | undefined>();
  let isOpen = true;

  function hear(data: Buffer): void {
    for (const one of String(data))
      if (one === "q" || one === "\x03") resolve(undefined);
      else key(one);
  }

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    stdout.off("resize", resized);
    stdin.off("data", hear);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    process.off("exit", close);
    try {
      // At once: the process may be about to end.
      writeSync(stdout.fd, leave);
    } catch {
      // The terminal is gone.
    }
  }

  for (const signal of signals) process.once(signal, resolve);
  process.once("exit", close);
  stdout.once("error", () => resolve(undefined));
  stdout.on("resize", resized);
  if (stdin.isTTY) stdin.setRawMode(true).on("data", hear);
  stdout.write(enter);
  return {
    left,
    close,
    draw(lines) {
      if (!isOpen) return;
      const text = lines.map((line) => `${line}\x1b[K`).join("\r\n");
      // In one piece, where the terminal knows how: nothing flickers.
      stdout.write(`\x1b[?2026h\x1b[H${text}\x1b[J\x1b[?2026l`);
    },
  };
}
