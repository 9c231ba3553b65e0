import { effect, signal } from "@preact/signals";
import { calls } from "./calls.ts";
import { link } from "./link.ts";

// What a screen reader says by itself: at most one sentence in a while, however many calls come.

const pauseMs = 5_000;
const said = signal("");

let latest = 0;
let isPausing = false;

effect(() => {
  const newest = calls.value[0]?.seq ?? 0;
  if (latest === 0) latest = newest;
  if (newest > latest && !isPausing) say(newest);
});

function say(newest: number): void {
  const count = newest - latest;
  latest = newest;
  isPausing = true;
  said.value = count === 1 ? "A new call" : `${count} new calls`;
  setTimeout(() => {
    isPausing = false;
    const now = calls.value[0]?.seq ?? 0;
    if (now > latest) say(now);
  }, pauseMs);
}

const trouble = {
  lost: "The relay does not answer. What you see is what came last; this page reconnects by itself.",
  ended:
    "This page's session is over. Run “relay open” for a new link, or restart with “relay start --open”.",
};

export function News() {
  const { value } = link;
  return (
    <>
      <p class="hidden" role="status">
        {said.value}
      </p>
      <div role="alert">
        {(value === "lost" || value === "ended") && (
          <p class={`trouble ${value}`}>{trouble[value]}</p>
        )}
      </div>
    </>
  );
}
