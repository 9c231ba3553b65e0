import { ExitError } from "../exit.ts";
import type { Filter } from "../journal/call.ts";
import { openReader } from "../journal/reader.ts";
import { columnsOf } from "../terminal/columns.ts";
import { createPaint } from "../terminal/paint.ts";
import { draw } from "./draw.ts";
import { openScreen } from "./screen.ts";
import { type Sort, sortNames } from "./sort.ts";
import { createSource } from "./source.ts";

export type TopOptions = { sort: Sort; once?: true; json?: true };

/** Milliseconds between two pictures; keys and resizing draw at once. */
const pauseMs = 250;

/** Shows the running calls until the user leaves; once, where there is no terminal or it is asked for. */
export async function showTop(file: string, filter: Filter, options: TopOptions): Promise<void> {
  const isScreen = process.stdout.isTTY && process.env.TERM !== "dumb";
  if (options.once || options.json || !isScreen) return printOnce(file, filter, options);

  const source = createSource(file, filter);
  const paint = createPaint(process.stdout);
  let { sort } = options;
  const show = () => {
    const { columns, rows } = process.stdout;
    const lines = draw(source.look(), { sort, paint, size: { columns, rows } });
    const keys = paint("dim", `q quit   s sort (by ${sort})`);
    screen.draw([...lines, keys].slice(0, rows));
  };
  const screen = openScreen({
    key(key) {
      if (key === "s") sort = sortNames[(sortNames.indexOf(sort) + 1) % sortNames.length]!;
      show();
    },
    resized: show,
  });
  const timer = setInterval(show, pauseMs);
  try {
    show();
    const signal = await screen.left;
    if (signal) throw new ExitError(signal === "SIGINT" ? 130 : signal === "SIGHUP" ? 129 : 143);
  } finally {
    clearInterval(timer);
    screen.close();
    source.close();
  }
}

function printOnce(file: string, filter: Filter, { sort, json }: TopOptions): void {
  // Says so where there is no journal.
  openReader(file).close();
  const source = createSource(file, filter);
  const snapshot = source.look();
  source.close();
  const { stdout } = process;
  if (json) stdout.write(`${JSON.stringify(snapshot)}\n`);
  else {
    const size = { columns: columnsOf(stdout), rows: Number.POSITIVE_INFINITY };
    const lines = draw(snapshot, { sort, paint: createPaint(stdout), size });
    stdout.write(`${lines.join("\n")}\n`);
  }
}
