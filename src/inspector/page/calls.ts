import { batch, computed, signal } from "@preact/signals";
import type { Call, Filter } from "../../journal/call.ts";
import { getCalls } from "./client.ts";
import { matches } from "./matches.ts";

/** The calls that the filter lets through, the newest first. */
export const calls = signal<readonly Call[]>([]);
export const filter = signal<Filter>({});
/** Whether there are older ones in the journal. */
export const hasOlder = signal(false);
/** Whether the journal has been asked at all: until then nobody knows that it is empty. */
export const isLoaded = signal(false);
/** Models and tags that were seen: what a filter offers. */
export const models = signal<readonly string[]>([]);
export const tags = signal<readonly string[]>([]);

export const isFiltered = computed(() => Object.keys(filter.value).length > 0);
export const runningCount = computed(
  () => calls.value.filter(({ ending }) => ending === undefined).length,
);

const pageSize = 500;
let asked = 0;

/** Asks for the newest calls anew. */
export async function loadCalls(): Promise<void> {
  const mine = ++asked;
  const { calls: newest } = await getCalls(toQuery());
  // Whoever asked later knows better.
  if (mine !== asked) return;
  batch(() => {
    calls.value = newest;
    hasOlder.value = newest.length === pageSize;
    isLoaded.value = true;
    remember(newest);
  });
}

let isLoadingOlder = false;

export async function loadOlder(): Promise<void> {
  const oldest = calls.value.at(-1);
  if (isLoadingOlder || !hasOlder.value || !oldest) return;
  isLoadingOlder = true;
  const mine = asked;
  try {
    const { calls: older } = await getCalls(toQuery(oldest.seq));
    if (mine !== asked) return;
    batch(() => {
      calls.value = [...calls.value, ...older];
      hasOlder.value = older.length === pageSize;
      remember(older);
    });
  } finally {
    isLoadingOlder = false;
  }
}

/** Calls that are new or have changed. */
export function hear(news: readonly Call[]): void {
  const changed = new Map(news.map((call) => [call.seq, call]));
  const kept = calls.value.map((call) => {
    const now = changed.get(call.seq);
    changed.delete(call.seq);
    return now ?? call;
  });
  const oldest = hasOlder.value ? (kept.at(-1)?.seq ?? 0) : 0;
  const added = [...changed.values()].filter(({ seq }) => seq > oldest);
  batch(() => {
    calls.value = [...added.sort((a, b) => b.seq - a.seq), ...kept]
      .filter((call) => matches(call, filter.value))
      .sort((a, b) => b.seq - a.seq);
    remember(news);
  });
}

function remember(some: readonly Call[]): void {
  models.value = withAll(
    models.value,
    some.map(({ model }) => model),
  );
  tags.value = withAll(
    tags.value,
    some.map(({ tag }) => tag),
  );
}

function withAll(known: readonly string[], more: (string | undefined)[]): readonly string[] {
  const all = new Set([...known, ...more.filter((one) => one !== undefined)]);
  return all.size === known.length ? known : [...all].sort();
}

function toQuery(before?: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(pageSize) });
  for (const [name, value] of Object.entries(filter.value)) query.set(name, String(value));
  if (before !== undefined) query.set("before", String(before));
  return query;
}
