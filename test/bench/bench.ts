import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawChart } from "./chart.ts";
import { curveWorks, describeCurve, toCurves } from "./curves.ts";
import { footprintWorks } from "./footprint.ts";
import { isPinned, pinSelf } from "./process.ts";
import { type Row, toRows } from "./results.ts";
import { run } from "./run.ts";
import { speedWorks } from "./speed.ts";
import { toTable } from "./table.ts";
import { findKinds } from "./targets.ts";
import { startUpstreams } from "./upstreams.ts";

// npm run bench -- [--quick] [--curves] [--json FILE] [--svg FILE] [--targets relay,bare] [--works JSON] [--workers N]

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    /** Also what happens as connections, streams and time grow, of relay and bare. */
    curves: { type: "boolean", default: false },
    json: { type: "string" },
    svg: { type: "string" },
    /** Names of targets; else all that are installed. */
    targets: { type: "string" },
    /** Text in the titles of works; else all. */
    works: { type: "string", default: "" },
    /** Another relay with so many workers, on all cores. */
    workers: { type: "string", default: "1" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "relay-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
pinSelf();

const { kinds, missing } = await findKinds(folder, Number(flags.workers));
const names = flags.targets?.split(",") ?? kinds.map(({ name }) => name);
const compared = kinds.filter(({ name }) => names.includes(name));
const upstreams = await startUpstreams(folder);
const works = [
  ...speedWorks(flags.quick, upstreams.ask),
  ...footprintWorks(flags.quick, upstreams.port),
  ...(flags.curves ? curveWorks() : []),
].filter(({ title }) => title.includes(flags.works));

const conditions = {
  date: new Date().toISOString(),
  node: process.version,
  processor: `${cpus().length} × ${cpus()[0]?.model}`,
  cores: isPinned ? "target on core 0, upstream and load on core 1" : "not pinned",
  ...(flags.workers !== "1" && {
    [`relay ×${flags.workers}`]: "on all cores, that of the load too",
  }),
  completions: upstreams.description,
  quick: flags.quick,
  missing,
};
for (const [name, value] of Object.entries(conditions)) console.log(`${name}: ${value}`);

const legend = `"added": more than a direct connection takes. ≥: its core had time left.
The middle one of all rounds; of starts the shortest.`;

const rows: Row[] = [];
const disturbed: string[] = [];
const failures: string[] = [];
for (const work of works) {
  process.stderr.write(`… ${work.title}\n`);
  const port = work.completions ? upstreams.completionsPort : upstreams.port;
  const those = work.title.startsWith("Curve") ? compared.filter(isOurs) : compared;
  const { found, others, failed } = await run(work, those, port);
  rows.push(...toRows(found, work.take));
  for (const [name, why] of failed) failures.push(`${name}, ${work.title}: ${why}`);
  if (others > 0.05) disturbed.push(`${work.title} (${Math.round(others * 100)} %)`);
}
await upstreams.stop();

const curves = toCurves(rows);
const single = rows.filter(({ curve }) => curve === undefined);
console.log(`\n${toTable(single, names)}\n\n${legend}`);
for (const curve of curves) console.log(describeCurve(curve));
if (disturbed.length > 0)
  console.log(`Other programs used the target's core: ${disturbed.join(", ")}`);
for (const failure of failures) console.log(`Not done: ${failure}`);
if (flags.json)
  writeFileSync(
    flags.json,
    `${JSON.stringify({ conditions, disturbed, failures, rows: single, curves }, null, 2)}\n`,
  );
if (flags.svg) writeFileSync(flags.svg, drawChart(single, conditions));
process.exit(failures.some((failure) => failure.startsWith("relay,")) ? 1 : 0);

function isOurs({ name }: { name: string }): boolean {
  return name === "relay" || name === "bare";
}
