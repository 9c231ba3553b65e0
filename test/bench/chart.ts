import type { Row } from "./results.ts";

/** What the picture shows: a figure of the table, how it is called there, and which way is better. */
const shown: [figure: string, title: string, better: "more" | "less"][] = [
  ["JSON, 32 connections: requests/s", "JSON calls a second", "more"],
  ["JSON, 1,000 requests/s: added µs, p50", "Added to a call at 1,000/s, median, µs", "less"],
  ["SSE, first event: added µs, p50", "Added to the first event, median, µs", "less"],
  ["SSE firehose: events/s", "Events a second, as fast as they go", "more"],
  ["5000 open streams: KiB each", "Memory of an open stream (5,000 of them), KiB", "less"],
  ["Download 512 MiB: MB/s", "Download, MB/s", "more"],
  ["64 downloads, unread: peak memory, MiB", "Peak memory, 64 unread downloads, MiB", "less"],
  ["Start: until it listens, ms", "From the command until it listens, ms", "less"],
];

const width = 880;
const rowHeight = 18;
const column = width / 2;
const nameWidth = 120;
const barWidth = column - nameWidth - 90;

type Conditions = { date: string; node: string; processor: string };

/** The main figures as bars, a panel a figure; SVG, for light and dark pages. */
export function drawChart(rows: Row[], conditions: Conditions): string {
  const panels = shown.flatMap(([figure, title, better]) => {
    const values = rows.find((row) => row.figure === figure)?.values;
    return values ? [toPanel(values, title, better)] : [];
  });
  const heights = panels.map(({ height }) => height);
  let y = 10;
  const placed: string[] = [];
  for (let i = 0; i < panels.length; i += 2) {
    const pair = panels.slice(i, i + 2);
    pair.forEach(({ svg }, side) => {
      placed.push(`<g transform="translate(${side * column}, ${y})">${svg}</g>`);
    });
    y += Math.max(...heights.slice(i, i + 2)) + 16;
  }
  const { date, node, processor } = conditions;
  const foot = `One core each, in one run: ${date.slice(0, 10)}, Node ${node}, ${processor}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 24}" viewBox="0 0 ${width} ${y + 24}" font-family="system-ui, sans-serif" font-size="12">
<title>The relay and other proxies, measured</title>
<style>
text { fill: #24292f } .title { font-weight: 600 } .bar { fill: #b6c2cf } .own { fill: #1f7a5c } .foot { fill: #6e7781; font-size: 11px }
@media (prefers-color-scheme: dark) { text { fill: #d7dde4 } .bar { fill: #4d5966 } .own { fill: #37b389 } .foot { fill: #9aa5b1 } }
</style>
${placed.join("\n")}
<text class="foot" x="8" y="${y + 12}">${toMarkup(foot)}</text>
</svg>
`;
}

function toPanel(
  values: Record<string, number>,
  title: string,
  better: "more" | "less",
): { svg: string; height: number } {
  const sorted = Object.entries(values).sort(([, a], [, b]) => (better === "more" ? b - a : a - b));
  const most = Math.max(...sorted.map(([, value]) => value));
  const lines = [
    `<text class="title" x="8" y="14">${toMarkup(`${title} (${better} is better)`)}</text>`,
  ];
  sorted.forEach(([name, value], i) => {
    const y = 24 + i * rowHeight;
    const length = Math.max(1, (Math.max(0, value) / most) * barWidth);
    const right = nameWidth + length + 6;
    lines.push(
      `<text x="${nameWidth - 6}" y="${y + 12}" text-anchor="end">${toMarkup(name)}</text>`,
      `<rect class="${name === "relay" ? "own" : "bar"}" x="${nameWidth}" y="${y + 2}" width="${length.toFixed(1)}" height="${rowHeight - 5}" rx="2"/>`,
      `<text x="${right.toFixed(1)}" y="${y + 12}">${toText(value)}</text>`,
    );
  });
  return { svg: lines.join("\n"), height: 24 + sorted.length * rowHeight };
}

function toText(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

function toMarkup(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
