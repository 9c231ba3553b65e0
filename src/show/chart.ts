import type { Phase, Span, Timeline } from "../story/timeline.ts";
import { toSpan } from "../terminal/figures.ts";
import type { Colour, Paint } from "../terminal/paint.ts";

const looks: { [name in Phase["name"]]: [label: string, colour: Colour] } = {
  waiting: ["waits", "yellow"],
  connecting: ["connects", "yellow"],
  sending: ["until head", "cyan"],
  thinking: ["until body", "cyan"],
  streaming: ["streams", "green"],
};

/** Columns of the names in front of the bars, and of the times behind them. */
const [before, after] = [12, 24];

/** A timeline as bars below each other, each where it stands in the time of the call. */
export function toChart(timeline: Timeline, width: number, paint: Paint): string[] {
  const { phases, stalls, slices, total } = timeline;
  const room = Math.max(10, Math.min(width, 110) - before - after);
  const cell = (at: number) => Math.min(room - 1, Math.floor((at / (total || 1)) * room));
  const row = (label: string, { from, to }: Span, colour: Colour, bar: string, about: string) => {
    const text = `${toSpan(to - from).padStart(5)}  ${about}`.trimEnd();
    const gap = " ".repeat(room - cell(from) - bar.length);
    return `${label.padEnd(before)}${" ".repeat(cell(from))}${paint(colour, bar)}${gap} ${text}`;
  };
  return [
    ...phases.map((phase) => {
      const [label, colour] = looks[phase.name];
      const length = Math.max(1, cell(phase.to) - cell(phase.from) + (phase.to >= total ? 1 : 0));
      const isDrawn = phase.name === "streaming" && slices.length > 1;
      const bar = isDrawn ? toHeights(slices, cell(phase.from), length, cell) : "█".repeat(length);
      return row(
        label,
        phase,
        colour,
        bar,
        phase.name === "streaming" ? aboutStream(timeline) : "",
      );
    }),
    ...stalls.slice(0, mostStalls).map((span) => {
      const bar = "─".repeat(Math.max(1, cell(span.to) - cell(span.from)));
      return row("silence", span, "red", bar, `from ${toSpan(span.from)}`);
    }),
    ...(stalls.length > mostStalls ? [`and ${stalls.length - mostStalls} more silences`] : []),
  ];
}

const mostStalls = 5;

const heights = " ▁▂▃▄▅▆▇█";

/** How many slices came, cell by cell: the fuller, the more. */
function toHeights(
  slices: readonly number[],
  first: number,
  length: number,
  cell: (at: number) => number,
): string {
  const counts = new Array<number>(length).fill(0);
  for (const at of slices) counts[Math.min(length - 1, Math.max(0, cell(at) - first))]! += 1;
  const most = Math.max(...counts);
  return counts.map((count) => heights[Math.ceil((count / most) * 8)]).join("");
}

function aboutStream({ tokensPerSecond }: Timeline): string {
  return tokensPerSecond === undefined ? "" : `${Math.round(tokensPerSecond)} tok/s`;
}
