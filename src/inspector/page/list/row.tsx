import type { Call } from "../../../journal/call.ts";
import { durationOf, toClock, toCost, toDuration, toTokens } from "../format.ts";
import { now } from "../now.ts";
import { outcomeOf } from "../outcome.ts";
import { Badge } from "../parts/badge.tsx";

/** A call in the list. In narrow lists the style sheet puts it on two lines. */
export function Row({ call }: { call: Call }) {
  const { method, path, model, tag, times, cost, startedAt } = call;
  return (
    <>
      <Badge call={call} />
      <span class="path">
        <b>{method}</b>
        <span>{path}</span>
        {tag && <span class="tag">{tag}</span>}
      </span>
      <span class="model">{model}</span>
      <span class="first number">
        {times.firstSlice !== undefined && toDuration(times.firstSlice)}
      </span>
      <span class="took number">
        <Took call={call} />
      </span>
      <span class="tokens number">{toTokens(call)}</span>
      <span class="cost number">{cost && toCost(cost)}</span>
      <span class="clock number">{toClock(startedAt)}</span>
    </>
  );
}

/** Only of calls that run does this look at the clock. */
export function Took({ call }: { call: Call }) {
  const took = durationOf(call, call.ending === undefined ? now.value : 0);
  return took === undefined ? null : toDuration(took);
}

export function describe(call: Call): string {
  const { method, path, model, status, tag, times, startedAt } = call;
  const parts = [
    `${method} ${path}`,
    model,
    tag && `tag ${tag}`,
    `${status || "no status yet"}, ${outcomeOf(call).word}`,
    times.end !== undefined && `took ${toDuration(times.end)}`,
    `at ${toClock(startedAt)}`,
  ];
  return parts.filter(Boolean).join(", ");
}
