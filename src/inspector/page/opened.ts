import { effect, type Signal, signal } from "@preact/signals";
import type { Call, Heads } from "../../journal/call.ts";
import { type Body, createBody } from "./body.ts";
import { getCall } from "./client.ts";
import { openId } from "./route.ts";

/** The call that is open, as far as it has come. */
export type Opened = {
  readonly id: string;
  readonly call: Signal<Call | undefined>;
  readonly heads: Signal<Heads | undefined>;
  readonly asked: Body;
  readonly answered: Body;
  /** Whether it has ended and all that was captured of it is here. */
  readonly isWhole: Signal<boolean>;
  /** Why it cannot be shown. */
  readonly failure: Signal<string | undefined>;
};

export const opened = signal<Opened | undefined>(undefined);

effect(() => {
  const { value: id } = openId;
  opened.value = id === undefined ? undefined : load(id);
});

/** A call of which nothing is known yet but its id. */
export function load(id: string): Opened {
  const made: Opened = {
    id,
    call: signal(undefined),
    heads: signal(undefined),
    asked: createBody(id, "asked"),
    answered: createBody(id, "answered"),
    isWhole: signal(false),
    failure: signal(undefined),
  };
  void refresh(made);
  return made;
}

/** News of a call; without one: news may have been missed. */
export async function tellOpenCall(call?: Call): Promise<void> {
  const one = opened.peek();
  if (!one) return;
  if (!call) return refresh(one);
  if (call.id !== one.id) return;
  const before = one.call.peek();
  one.call.value = call;
  if (!call.isCaptured) return;
  const needsHeads = one.heads.peek()?.answered === undefined && call.status > 0;
  // While an answer streams, nothing more is asked: one question a slice is enough.
  const hasAsked = call.bytesIn !== before?.bytesIn || call.ending !== undefined;
  await Promise.all([loadBodies(one, hasAsked), needsHeads && refreshHead(one)]).catch(() => {});
}

async function refresh(one: Opened): Promise<void> {
  try {
    await refreshHead(one);
    if (one.call.peek()?.isCaptured) await loadBodies(one);
    one.failure.value = undefined;
  } catch (error) {
    one.failure.value = (error as Error).message;
  }
}

async function refreshHead(one: Opened): Promise<void> {
  const { call, heads } = await getCall(one.id);
  // News that came meanwhile may be newer.
  if (one.call.peek()?.ending === undefined) one.call.value = call;
  one.heads.value = heads;
}

async function loadBodies(
  { call, asked, answered, isWhole }: Opened,
  hasAsked = true,
): Promise<void> {
  // What a call has said is written down with its end, or before.
  const hasEnded = call.peek()?.ending !== undefined;
  await Promise.all([hasAsked && asked.load(), answered.load()]);
  if (hasEnded) isWhole.value = true;
}
