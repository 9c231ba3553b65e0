import { isDeepStrictEqual } from "node:util";
import type { Recorded } from "../entry.ts";

/** Imported recordings that never answer, because an earlier one answers all that they would. */
export function hiddenIn(all: readonly Recorded[]): { name: string; behind: string }[] {
  const imported = all.filter(({ asked }) => asked.when).sort(inTime);
  return imported.flatMap((one, i) => {
    const before = imported.slice(0, i).find((other) => covers(other, one));
    return before ? [{ name: one.name, behind: before.name }] : [];
  });
}

/** The order in which they are tried. */
function inTime(a: Recorded, b: Recorded): number {
  return Date.parse(a.asked.recorded) - Date.parse(b.asked.recorded);
}

/** Whether what meets `one` meets the other as well; a sequence answers in turn, and hides nothing of itself. */
function covers({ asked: other }: Recorded, { asked: one }: Recorded): boolean {
  if (other.digest === one.digest || other.method !== one.method || other.path !== one.path)
    return false;
  return Object.entries(other.when!).every(([name, wanted]) => {
    return isDeepStrictEqual(Reflect.get(one.when!, name), wanted);
  });
}
