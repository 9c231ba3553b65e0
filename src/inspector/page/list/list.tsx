import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { calls, hasOlder, isFiltered, isLoaded, loadOlder } from "../calls.ts";
import { VirtualList } from "../parts/virtual.tsx";
import { open, openId } from "../route.ts";
import { clearFilter, Filters } from "./filters.tsx";
import { NoCalls } from "./none.tsx";
import { describe, Row } from "./row.tsx";

/** The call that the keys have moved to: a call, not a place, for new ones come above it. */
const activeSeq = signal<number | undefined>(undefined);
effect(() => {
  const open = calls.value.find(({ id }) => id === openId.value);
  if (open) activeSeq.value = open.seq;
});

/** Narrow lists have two lines a call. */
const isNarrow = signal(false);

export function CallList() {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      isNarrow.value = entry!.contentRect.width < 760;
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  return (
    <section ref={box} class={`calls${isNarrow.value ? " narrow" : ""}`} aria-label="Calls">
      <Filters />
      {calls.value.length > 0 ? <Rows /> : isLoaded.value && <Nothing />}
    </section>
  );
}

function Rows() {
  const active = calls.value.findIndex(({ seq }) => seq === activeSeq.value);
  return (
    <>
      <div class="heads" aria-hidden="true">
        <span>Status</span>
        <span>Call</span>
        <span>Model</span>
        <span class="number">First slice</span>
        <span class="number">Took</span>
        <span class="number">Tokens in → out</span>
        <span class="number">Cost</span>
        <span class="number">At</span>
      </div>
      <VirtualList
        id="calls"
        label="Calls, the newest first"
        items={calls.value}
        keyOf={({ seq }) => seq}
        rowHeight={isNarrow.value ? 56 : 36}
        active={active}
        onActive={activate}
        onOpen={(index) => open(calls.value[index]!.id)}
        describe={describe}
        render={(call) => <Row call={call} />}
        keeps="top"
        onEnd={hasOlder.value ? () => void loadOlder().catch(() => {}) : undefined}
      />
    </>
  );
}

/** Where a call is open, the one that the keys move to takes its place. */
export function activate(index: number): void {
  const call = calls.value[index];
  if (!call) return;
  activeSeq.value = call.seq;
  if (openId.value !== undefined) open(call.id);
}

/** From anywhere on the page. */
export function step(by: number): void {
  const at = calls.value.findIndex(({ seq }) => seq === activeSeq.value);
  activate(Math.max(0, Math.min(calls.value.length - 1, at + by)));
}

export function openActive(): void {
  const call = calls.value.find(({ seq }) => seq === activeSeq.value);
  if (call) open(call.id);
}

function Nothing() {
  if (!isFiltered.value) return <NoCalls />;
  return (
    <div class="state">
      <h2>No call fits</h2>
      <p>Nothing in the journal has all of what you look for.</p>
      <button type="button" onClick={clearFilter}>
        Clear the filter
      </button>
    </div>
  );
}
