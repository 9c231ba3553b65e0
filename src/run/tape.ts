import type { Config } from "../config/settings.ts";
import type { Taped } from "../tape/tape.ts";

/** Where the command ended well, but asked for what is not on the tape, or left part of it unused. */
const exitCode = 10;

/** Names of what nobody has asked for that a terminal is told; a log has all of them, to prune by. */
const mostOnTerminal = 5;

/** How a tape was used, for people: each line with its end. */
export function toTapeText(tape: Taped, { strictUnused }: Config): string {
  const most = process.stderr.isTTY ? mostOnTerminal : Number.POSITIVE_INFINITY;
  const unused = strictUnused ? tape.score.unused() : [];
  const names = unused.slice(0, most).map((name) => `relay: unused: ${name}\n`);
  const more = unused.length > most ? `relay: unused: ${unused.length - most} more\n` : "";
  return names.join("") + more + tape.summary();
}

/** The exit code of a command, or the one that says that it and its tape do not fit. */
export function withTape<T extends { code: number | null }>(
  end: T,
  tape: Taped,
  config: Config,
): T {
  const { missed, unused } = tape.score;
  const fits = missed === 0 && (!config.strictUnused || unused().length === 0);
  return fits || end.code !== 0 ? end : { ...end, code: exitCode };
}
