import { compared } from "../differences.ts";
import type { Call } from "../journal/call.ts";
import { type Fields, parseJson, textOf } from "./json.ts";
import { commonStart, type Piece, piecesOf, type Shared, sharedBy } from "./prefix.ts";
import { remarksOn } from "./remarks.ts";

/** A call, and the JSON that it asked. */
export type Asking = { call: Call; body: Fields };

/** A call of a conversation beside the one before it. */
export type Link = {
  id: string;
  /** The earlier call whose prompt begins as this one does; `undefined`: there is none. */
  before?: string;
  /** Bytes of the prompt that are the same from its beginning, and of how many. */
  shared: number;
  size: number;
  /** Where the prompts part first; `undefined`: this one goes on where the other ended. */
  parting?: Parting;
  /** Input tokens that came from the prompt cache, as the answer says; `undefined`: it does not. */
  cached?: { tokens: number; input: number };
  /** What may be why, in sentences. */
  remarks: string[];
};

/** `undefined`: the prompt is at its end there. */
export type Parting = { path: string; before?: string; after?: string };

/** Tells of each call which earlier one it goes on from, and where it parts from it. In order of time. */
export function toChain(askings: readonly Asking[]): Link[] {
  const known: { asking: Asking; pieces: Piece[] }[] = [];
  return askings
    .toSorted((a, b) => a.call.startedAt - b.call.startedAt)
    .map((asking) => {
      const pieces = piecesOf(asking.body);
      let best: { asking: Asking; pieces: Piece[]; shared: Shared } | undefined;
      for (const one of known) {
        if (one.asking.call.path !== asking.call.path) continue;
        const shared = sharedBy(one.pieces, pieces);
        // Of several, the latest.
        if (!best || shared.bytes >= best.shared.bytes) best = { ...one, shared };
      }
      known.push({ asking, pieces });
      return toLink(asking, pieces, best);
    });
}

/** The calls of the conversation that ends with this one, the first one first. */
export function chainOf(links: readonly Link[], id: string): Link[] {
  const chain: Link[] = [];
  for (let at: string | undefined = id; at !== undefined; ) {
    const link = links.find((one) => one.id === at);
    if (!link) break;
    chain.unshift(link);
    at = link.before;
  }
  return chain;
}

type Best = { asking: Asking; pieces: Piece[]; shared: Shared };

function toLink(asking: Asking, pieces: Piece[], best: Best | undefined): Link {
  const { call } = asking;
  const { input, cachedInput: tokens } = call.usage ?? {};
  const size = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const cached = input !== undefined && tokens !== undefined ? { tokens, input } : undefined;
  const common = { id: call.id, size, ...(cached && { cached }) };
  if (!best)
    return { ...common, shared: 0, remarks: remarksOn(asking, undefined, undefined, false) };
  const { shared } = best;
  const isWhole = shared.index >= best.pieces.length;
  const parting = isWhole ? undefined : toParting(best.pieces, pieces, shared);
  const isCut = parting !== undefined && isMoved(best.pieces, pieces, shared);
  return {
    ...common,
    before: best.asking.call.id,
    shared: shared.bytes,
    ...(parting && { parting }),
    remarks: remarksOn(asking, best.asking, parting, isCut),
  };
}

/** Characters that are shown in front of where texts part, and behind it. */
const [front, behind] = [40, 80];

function toParting(a: readonly Piece[], b: readonly Piece[], { index }: Shared): Parting {
  const [before, after] = [a[index], b[index]];
  if (before?.path !== after?.path || !before || !after) {
    const path = (after ?? before)!.path;
    return {
      path,
      ...(before && { before: before.text.slice(0, front + behind) }),
      ...(after && { after: after.text.slice(0, front + behind) }),
    };
  }
  const values = [parseJson(before.text), parseJson(after.text)] as const;
  const [first] = compared([[after.path, ...values]], 1);
  // The same values, spelled in another order of names.
  if (!first) return { path: after.path, before: before.text, after: after.text };
  const { where: path, recorded, asked } = first;
  const [was, is] = [textOf(recorded), textOf(asked)];
  const from = Math.max(0, commonStart(was, is) - front);
  const excerpt = (text: string) => {
    const shown = text.slice(from, from + front + behind);
    return `${from > 0 ? "…" : ""}${shown}${text.length > from + shown.length ? "…" : ""}`;
  };
  return {
    path,
    ...(recorded !== undefined && { before: excerpt(was) }),
    ...(asked !== undefined && { after: excerpt(is) }),
  };
}

/** Whether pieces were taken out, so that what followed them has moved up. */
function isMoved(a: readonly Piece[], b: readonly Piece[], { index }: Shared): boolean {
  const next = b[index];
  return next !== undefined && a.slice(index + 1).some(({ text }) => text === next.text);
}
