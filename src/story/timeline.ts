import type { Call } from "../journal/call.ts";

/** From when to when, in milliseconds from the start of a call. */
export type Span = { from: number; to: number };

export type Phase = Span & {
  name: "waiting" | "connecting" | "sending" | "thinking" | "streaming";
};

export type Timeline = {
  total: number;
  /** One after the other; those that were not reached or are not known are left out. */
  phases: Phase[];
  /** When slices came, where that is known. */
  slices: readonly number[];
  /** Silences that are longer than usual in this stream. */
  stalls: Span[];
  /** Output tokens a second of the streaming; `undefined`: not known. */
  tokensPerSecond?: number;
};

/** What a silence must last at least to be told. */
const shortestStall = 1_000;

/**
 * The phases of a call. `slices`: when those of the answer came, of a captured one; `now`: for a call
 * that runs, in milliseconds from its start.
 */
export function toTimeline(call: Call, slices: readonly number[] = [], now?: number): Timeline {
  const { times, usage } = call;
  const { sent, connect = 0, head, firstSlice, lastSlice, end, longestGap, gapAt } = times;
  const total = end ?? Math.max(now ?? 0, lastSlice ?? firstSlice ?? head ?? sent ?? 0);
  const marks: [Phase["name"], number | undefined][] = [
    ["waiting", sent === undefined ? undefined : Math.max(0, sent - connect)],
    ["connecting", connect > 0 ? sent : undefined],
    // Who left before the head has waited for it until then.
    ["sending", head ?? (sent === undefined ? undefined : total)],
    ["thinking", firstSlice],
    ["streaming", firstSlice === undefined ? undefined : total],
  ];
  const phases: Phase[] = [];
  let from = 0;
  for (const [name, to] of marks) {
    if (to === undefined || to < from) continue;
    phases.push({ name, from, to });
    from = to;
  }
  const stalls = slices.length > 1 ? stallsIn(slices) : gapOf(longestGap, gapAt);
  const output = usage?.state === "known" ? usage.output : undefined;
  const seconds = ((lastSlice ?? total) - (firstSlice ?? total)) / 1_000;
  const tokensPerSecond = output && seconds > 0 ? output / seconds : undefined;
  return {
    ...{ total, phases, slices, stalls },
    ...(tokensPerSecond !== undefined && { tokensPerSecond }),
  };
}

function gapOf(length: number | undefined, at: number | undefined): Span[] {
  if (length === undefined || at === undefined || length <= shortestStall) return [];
  return [{ from: at, to: at + length }];
}

/** Silences of more than a second that are ten times as long as the usual one. */
export function stallsIn(slices: readonly number[]): Span[] {
  const gaps = slices.slice(1).map((at, i) => ({ from: slices[i]!, to: at }));
  const lengths = gaps.map(({ from, to }) => to - from).sort((a, b) => a - b);
  // A single silence has none to be compared with.
  const usual = lengths.length > 1 ? lengths[Math.floor((lengths.length - 1) / 2)]! : 0;
  const least = Math.max(shortestStall, 10 * usual);
  return gaps.filter(({ from, to }) => to - from > least);
}
