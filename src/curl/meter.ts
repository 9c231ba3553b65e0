import type { CurlOptions } from "./options.ts";

/** How far a transfer has come, in bytes. */
export type Progress = {
  received: number;
  /** `undefined`: nobody has said how many there will be. */
  toReceive: number | undefined;
  sent: number;
  toSend: number | undefined;
};

/** Whether there is somebody to look at a meter, and nothing on the terminal that it would disturb. */
export function wantsMeter(options: CurlOptions, output: string): boolean {
  if (options.silent || options.progressMeter === false) return false;
  if (output === "-" && process.stdout.isTTY) return false;
  return options.progressBar === true || (process.stderr.isTTY && options.stderr === undefined);
}

/** Shows once a second how far a transfer has come, and once more when `stop` is called. */
export function startMeter(
  { progressBar }: CurlOptions,
  look: () => Progress,
  say: (text: string) => void,
): { stop(): void } {
  const startedAt = performance.now();
  let before = 0;

  function show(): void {
    const progress = look();
    const seconds = (performance.now() - startedAt) / 1000;
    const bytes = progress.received + progress.sent;
    const rate = bytes - before;
    before = bytes;
    say(`\r${progressBar ? toBar(progress) : toRow(progress, seconds, rate)}`);
  }

  if (!progressBar) say(heading);
  const timer = setInterval(show, 1000);
  return {
    stop() {
      clearInterval(timer);
      show();
      say("\n");
    },
  };
}

const heading =
  "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n" +
  "                                 Dload  Upload   Total   Spent    Left  Speed\n";

/** A row in curl's columns; `rate` is of the last second. */
export function toRow(progress: Progress, seconds: number, rate: number): string {
  const { received, toReceive, sent, toSend } = progress;
  const all = (toReceive ?? received) + (toSend ?? sent);
  const average = (bytes: number) => (seconds > 0 ? bytes / seconds : bytes);
  const isKnown = toReceive !== undefined || toSend !== undefined;
  const total = isKnown ? all / average(received + sent) : Number.NaN;
  const current = seconds < 1 ? average(received + sent) : rate;
  return [
    `${percent(received + sent, all)} ${size(all)} `,
    `${percent(received, toReceive)} ${size(received)} `,
    `${percent(sent, toSend)} ${size(sent)} `,
    ...[`${size(average(received))} `, size(average(sent))],
    ...[time(total), time(seconds), time(total - seconds), size(current)],
  ].join(" ");
}

const barWidth = 60;

function toBar({ received, toReceive, sent, toSend }: Progress): string {
  const all = (toReceive ?? 0) + (toSend ?? 0);
  if (all === 0) return size(received + sent);
  const part = Math.min(1, (received + sent) / all);
  return `${"#".repeat(Math.round(part * barWidth)).padEnd(barWidth)} ${(part * 100).toFixed(1)}%`;
}

function percent(bytes: number, of: number | undefined): string {
  return String(of ? Math.floor((bytes * 100) / of) : 0).padStart(3);
}

/** Five characters, as in curl. */
function size(bytes: number): string {
  if (bytes < 100_000) return String(Math.floor(bytes)).padStart(5);
  let value = bytes / 1024;
  for (const unit of "kMGT") {
    if (value < 100 && unit !== "k") return `${value.toFixed(1).padStart(4)}${unit}`;
    if (value < 10_000) return `${Math.floor(value)}${unit}`.padStart(5);
    value /= 1024;
  }
  return "  lot";
}

/** `1:02:03`, or lines where that is not known. */
function time(seconds: number): string {
  if (!(seconds >= 1) || seconds >= 360_000) return "--:--:--";
  const [hours, ...rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const digits = rest.map((part) => String(part).padStart(2, "0"));
  return [String(hours).padStart(2), ...digits].join(":");
}
