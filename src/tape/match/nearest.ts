import type { Asked } from "../entry.ts";
import { toNormal } from "./normal.ts";
import type { Rules } from "./rules.ts";
import { likeness, piecesOf } from "./similar.ts";

/** Requests whose bodies are looked at, and their bytes: a miss must not take long. */
const most = 64;
const mostBytes = 16 * 1024 ** 2;

/** The one that is most like a request: the same method and path first, then what is in it. */
export function nearest<T extends { asked: Asked }>(
  asked: Asked,
  candidates: readonly T[],
  rules: Rules,
): T | undefined {
  const pieces = piecesOf(toNormal(asked, rules));
  const ranked = candidates.map((candidate) => ({ candidate, rank: rankOf(candidate, asked) }));
  ranked.sort((a, b) => b.rank - a.rank);
  let best: T | undefined;
  let highest = -1;
  let bytes = 0;
  for (const { candidate, rank } of ranked.slice(0, most)) {
    bytes += candidate.asked.body?.bytes ?? 0;
    if (best && bytes > mostBytes) break;
    const weight = rank + likeness(pieces, piecesOf(toNormal(candidate.asked, rules)));
    if (weight > highest) [best, highest] = [candidate, weight];
  }
  return best;
}

/** Every step of it weighs more than a body can. */
function rankOf(candidate: { asked: Asked }, asked: Asked): number {
  const steps = candidate.asked.path.split("/");
  const others = asked.path.split("/");
  const shared = steps.filter((step, i) => step === others[i]).length;
  const isSame = candidate.asked.method === asked.method ? 1 : 0;
  return 2 * (shared - Math.abs(steps.length - others.length)) + isSame;
}
