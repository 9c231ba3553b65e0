import { type Timeline, toTimeline } from "../../../story/timeline.ts";
import { toCount, toDuration } from "../format.ts";
import { now } from "../now.ts";
import type { Shown } from "./call.tsx";

/** Where the time of a call went: each phase a bar, each slice a tick, silences marked. */
export function TimelinePanel({ one }: Shown) {
  one.answered.count.value;
  const call = one.call.value!;
  const elapsed = call.ending === undefined ? now.value - call.startedAt : undefined;
  const slices = one.answered.slices.map(({ at }) => at);
  const timeline = toTimeline(call, slices, elapsed);
  const { phases, stalls, total, tokensPerSecond } = timeline;
  if (total <= 0) return <p class="note">Nothing has happened yet.</p>;
  return (
    <>
      <p class="note">{toSummary(timeline, call.ending === undefined)}</p>
      <ol class="spans" aria-label="Phases">
        {phases.map(({ name, from, to }) => (
          <Bar key={name} name={titles[name]} kind={name} from={from} to={to} total={total} />
        ))}
        {stalls.map(({ from, to }) => (
          <Bar key={from} name="Stall" kind="stall" from={from} to={to} total={total} />
        ))}
        {slices.length > 0 && (
          <li>
            <span>Slices</span>
            <Ticks at={slices} total={total} />
            <span class="number">{toCount(slices.length)}</span>
          </li>
        )}
        <Axis total={total} />
      </ol>
      {tokensPerSecond !== undefined && (
        <p>{toRate(tokensPerSecond)} output tokens a second while it streamed.</p>
      )}
    </>
  );
}

const toRate = (rate: number) => (rate < 100 ? rate.toFixed(1) : toCount(Math.round(rate)));

const titles = {
  waiting: "Queue",
  connecting: "Connect",
  sending: "To the head",
  thinking: "To the first slice",
  streaming: "Streaming",
};

function toSummary({ total, stalls, slices }: Timeline, isRunning: boolean): string {
  const parts = [
    `${isRunning ? "Running for" : "Took"} ${toDuration(total)}`,
    slices.length > 0 && `${toCount(slices.length)} slices`,
    stalls.length === 0
      ? "no stall"
      : `${stalls.length} ${stalls.length === 1 ? "stall" : "stalls"}`,
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}

type BarProps = { name: string; kind: string; from: number; to: number; total: number };

function Bar({ name, kind, from, to, total }: BarProps) {
  const left = `${(from / total) * 100}%`;
  const width = `max(2px, ${((to - from) / total) * 100}%)`;
  return (
    <li>
      <span>{name}</span>
      <span class="track">
        <span class={`bar ${kind}`} style={{ left, width }} />
      </span>
      <span class="number">
        {toDuration(to - from)}
        <span class="hidden">, from {toDuration(from)}</span>
      </span>
    </li>
  );
}

/** Columns of the picture: more slices than that share one. */
const columns = 800;

function Ticks({ at, total }: { at: readonly number[]; total: number }) {
  const taken = new Set(at.map((ms) => Math.min(columns - 1, Math.floor((ms / total) * columns))));
  const path = [...taken].map((x) => `M${x + 0.5} 0V16`).join("");
  return (
    <svg class="track ticks" viewBox={`0 0 ${columns} 16`} preserveAspectRatio="none" role="img">
      <title>{`Slices between ${toDuration(at[0]!)} and ${toDuration(at.at(-1)!)}`}</title>
      <path d={path} />
    </svg>
  );
}

function Axis({ total }: { total: number }) {
  return (
    <li class="axis" aria-hidden="true">
      <span />
      <span class="track">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share} style={{ left: `${share * 100}%` }}>
            {share === 0 ? "0" : toDuration(share * total)}
          </span>
        ))}
      </span>
      <span />
    </li>
  );
}
