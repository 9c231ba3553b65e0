import type { Observer } from "../exchange.ts";
import { own } from "../server/router.ts";
import { tellable } from "../tellable.ts";

/** What a command did through the relay. */
export type Tally = {
  observer: Observer;
  /** A line or two for people, each with its line end. */
  toText(): string;
};

/** Counts the calls of a command. */
export function createTally(): Tally {
  let calls = 0;
  let bytesUp = 0;
  let bytesDown = 0;
  /** What went wrong, such as `429` or `502 upstream_refused`, and how often. */
  const errors = new Map<string, number>();
  let slowest: { ms: number; what: string } | undefined;

  const observer: Observer = {
    ended({ method, target, bytesIn }, { status, ending, error, bytesOut, durationMs }) {
      if (target.startsWith(own)) return;
      calls++;
      bytesUp += bytesIn;
      bytesDown += bytesOut;
      const failure = failureOf(status, ending, error?.code);
      if (failure) errors.set(failure, (errors.get(failure) ?? 0) + 1);
      // A WebSocket lasts as long as the command likes, and is not slow for it.
      if (status === 101 || durationMs <= (slowest?.ms ?? -1)) return;
      const [path] = target.split("?", 1);
      slowest = { ms: durationMs, what: `${method} ${tellable(path!.slice(0, 200))}` };
    },
  };

  function toText(): string {
    if (calls === 0) return "relay: no calls\n";
    const failed = [...errors.values()].reduce((sum, count) => sum + count, 0);
    const parts = [
      count(calls, "call"),
      ...(failed > 0 ? [`${count(failed, "error")} (${describe(errors)})`] : []),
      `${toSize(bytesUp)} up`,
      `${toSize(bytesDown)} down`,
    ];
    const slow = slowest ? `relay: slowest ${toTime(slowest.ms)}, ${slowest.what}\n` : "";
    return `relay: ${parts.join(", ")}\n${slow}`;
  }

  return { observer, toText };
}

/** Names what became of a call that did not go well. A client that left had its reasons. */
function failureOf(status: number, ending: string, code: string | undefined): string | undefined {
  if (ending === "upstream_broke") return code ? `broken off, ${code}` : "broken off";
  if (status >= 400) return code ? `${status} ${code}` : `${status}`;
  return undefined;
}

function describe(errors: ReadonlyMap<string, number>): string {
  const byCount = [...errors].sort(([, a], [, b]) => b - a);
  return byCount.map(([what, times]) => (times > 1 ? `${times} × ${what}` : what)).join("; ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function toSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [factor, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / factor).toFixed(1)} ${unit}`;
}

function toTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
