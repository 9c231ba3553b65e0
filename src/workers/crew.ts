import type { Lines } from "../observe/lines.ts";
import type { Door } from "./door.ts";
import { type Hand, startHand } from "./hand.ts";
import type { ToPrimary } from "./words.ts";

/** The workers: as many as there are places, whatever becomes of each. */
export type Crew = {
  /** Rejects when one of them ends before it serves. */
  start(): Promise<void>;
  /** Asks each of them; those that are gone by then are left out. */
  askAll<T>(ask: (hand: Hand, place: number) => Promise<T>): Promise<T[]>;
  /** From now on nobody is replaced. Resolves once all have ended, as they were told, or been killed. */
  end(withinMs: number): Promise<void>;
};

/** What there is for all of them. */
export type Common = {
  /** Takes the log of all workers. */
  lines: Lines;
  say(remark: string): void;
  /** Called when workers end faster than it makes sense to start others. */
  giveUp(why: string): void;
};

type Parts = Common & {
  count: number;
  door: Door;
  answers: ToPrimary;
  /** Lets a new worker serve. */
  serve(hand: Hand, place: number): Promise<void>;
};

/** Deaths within a minute that are made good. */
const mostDeaths = 5;

export function createCrew({ count, door, answers, serve, lines, say, giveUp }: Parts): Crew {
  const hands = new Map<number, Hand>();
  const ready = new Set<Hand>();
  let deaths: number[] = [];
  let isComplete = false;

  async function fill(place: number): Promise<void> {
    const hand = startHand(lines, answers);
    hands.set(place, hand);
    void hand.ended.then((how) => lose(hand, place, how));
    await serve(hand, place).catch(async (error: unknown) => {
      if (!hand.isThere) throw new Error(`A worker ended (${await hand.ended}).`);
      hand.kill();
      throw error;
    });
    ready.add(hand);
    door.use([...ready]);
  }

  function lose(hand: Hand, place: number, how: string): void {
    ready.delete(hand);
    hands.delete(place);
    door.use([...ready]);
    door.giveAgain(hand.undelivered);
    if (isComplete) replace(hand, place, how);
  }

  function replace({ pid }: Hand, place: number, how: string): void {
    const now = performance.now();
    deaths = [...deaths.filter((at) => now - at < 60_000), now];
    if (deaths.length > mostDeaths) {
      isComplete = false;
      giveUp(`Worker ${pid} ended (${how}), the sixth within a minute.`);
      return;
    }
    say(`Worker ${pid} ended (${how}). Another one takes its place.`);
    // One that does not come so far has ended, too, and is replaced in its turn.
    fill(place).catch(() => {});
  }

  return {
    async start() {
      await Promise.all(Array.from({ length: count }, (_, place) => fill(place)));
      isComplete = true;
    },
    async askAll(ask) {
      const answers = [...hands].map(([place, hand]) =>
        ask(hand, place).then(
          (answer) => [answer],
          (error: unknown) => {
            if (hand.isThere) throw error;
            return [];
          },
        ),
      );
      return (await Promise.all(answers)).flat();
    },
    async end(withinMs) {
      isComplete = false;
      const all = [...hands.values()];
      const deadline = setTimeout(() => {
        for (const hand of all) hand.kill();
      }, withinMs);
      await Promise.all(all.map(({ ended }) => ended));
      clearTimeout(deadline);
    },
  };
}
