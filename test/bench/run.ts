import type { Found } from "./results.ts";
import type { Target } from "./start.ts";
import type { Kind } from "./targets.ts";
import { timed, type Work } from "./work.ts";

/** No measurement takes longer, whatever happens. */
const mostMs = 60_000;

type Ran = {
  found: Found;
  /** The part of the time that the targets' core worked for programs that are not measured. */
  others: number;
  /** Why a target could not do the work, by its name. */
  failed: Map<string, string>;
};

/** Gives all targets a work in turn, so that what disturbs the machine disturbs all of them. */
export async function run(work: Work, kinds: Kind[], upstreamPort: number): Promise<Ran> {
  const found: Found = new Map(kinds.map(({ name }) => [name, []]));
  const failed: Ran["failed"] = new Map();
  const spent = { micros: 0, others: 0 };
  const standing = new Map<Kind, Target>();
  if (!work.fresh)
    for (const kind of kinds) {
      const target = await kind.start(upstreamPort);
      standing.set(kind, target);
      if (work.warmUp) await attempt(kind, work.warmUp(target));
    }

  for (let round = 0; round < work.rounds; round++)
    for (const kind of rotated(kinds, round)) {
      if (failed.has(kind.name)) continue;
      const target = standing.get(kind) ?? (await kind.start(upstreamPort));
      const doing = timed(target, () => work.measure(target, work.ms));
      const measured = await attempt(kind, doing);
      if (work.fresh) await target.stop();
      if (!measured) continue;
      found.get(kind.name)!.push(...measured.result);
      if (target.pid !== undefined) spent.micros += measured.micros;
      spent.others += measured.others;
    }
  for (const target of standing.values()) await target.stop();
  return { found, others: spent.others / (spent.micros || 1), failed };

  /** Not every proxy can do everything: what fails is told, and the others go on. */
  async function attempt<T>({ name }: Kind, doing: Promise<T>): Promise<T | undefined> {
    try {
      return await bounded(work, doing);
    } catch (error) {
      failed.set(name, (error as Error).message.split("\r\n", 1)[0]!);
      return undefined;
    }
  }
}

function rotated<T>(list: T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

async function bounded<T>({ title }: Work, doing: Promise<T>): Promise<T> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${title}: not done after ${mostMs} ms`)),
    mostMs,
  );
  return Promise.race([doing, tooLong]).finally(() => clearTimeout(timer));
}
