import { mkdirSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import type { Config } from "../config/settings.ts";
import { createScrub } from "../scrub.ts";
import { createMatcher } from "./match/matcher.ts";
import { createPen } from "./pen.ts";
import { type Answering, withRecorder } from "./recorder.ts";
import type { Recorder } from "./recording.ts";
import { createReplay } from "./replay.ts";
import { type Score, toText } from "./score.ts";
import { Shelf } from "./shelf.ts";

/** Bytes of all exchanges together that may wait for the disk. */
const room = 64 * 1024 ** 2;

/** What answers from a tape, or is heard by one. */
export type Taped = Answering & {
  score: Score;
  /** The score in a line for people. */
  summary(): string;
  /** Writes what is left. */
  close(): Promise<void>;
};

type Parts = {
  config: Config;
  /** Who else is asked; `undefined`: nobody. */
  inner: Answering | undefined;
  /** Tells people what went wrong beside the exchanges. */
  say(line: string): void;
};

/** Records, replays, or both, as the settings say. */
export function createTaped({ config, inner, say }: Parts): Taped {
  const { record, replay, tape, afterLast, speed } = config;
  const matcher = createMatcher(config.match);
  const scrub = createScrub(config.scrub);
  const folder = replay || tape;
  const shelf = folder === "" ? undefined : new Shelf(folder, { matcher, afterLast });
  const score: Score = {
    replayed: 0,
    missed: 0,
    recorded: 0,
    lost: 0,
    unused: () => shelf?.unused() ?? [],
  };

  const to = record || tape;
  const recorder = inner && to !== "" ? createRecorder(to) : undefined;
  const heard = inner && recorder ? withRecorder(recorder, inner) : inner;
  const answering = shelf
    ? createReplay({ shelf, matcher, scrub, speed, score, say }, heard)
    : heard!;
  return {
    ...answering,
    score,
    summary: () => toText(score, shelf !== undefined),
    async close() {
      while (recorder && recorder.busy.size > 0) await Promise.all(recorder.busy);
      await recorder?.pen.close();
    },
  };

  function createRecorder(folder: string): Recorder {
    make(folder);
    return {
      folder,
      scrub,
      pen: createPen(),
      waiting: 0,
      room,
      busy: new Set(),
      kept(name, asked) {
        score.recorded++;
        shelf?.add(name, asked);
      },
      lost(why) {
        if (score.lost++ === 0) say(`relay: An exchange is not on the tape: ${why}.`);
      },
    };
  }
}

/** Where it cannot be made, that is better known now. */
function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`No tape can be made in ${folder} (${code}).`);
  }
}
