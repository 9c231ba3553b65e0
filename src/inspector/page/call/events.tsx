import { useState } from "preact/hooks";
import type { StreamEvent } from "../../../story/events.ts";
import { toBytes, toDuration } from "../format.ts";
import { Json } from "../parts/json.tsx";
import { VirtualList } from "../parts/virtual.tsx";
import type { Shown } from "./call.tsx";
import { NotCaptured } from "./not-captured.tsx";

/** Every event with its time and size; the one that is picked stands below. */
export function EventsPanel({ one, reading }: Shown) {
  const [active, setActive] = useState(-1);
  const { events, answer } = reading;
  const call = one.call.value!;
  if (!call.isCaptured) return <NotCaptured />;
  if (events.length === 0 && answer && !answer.hasEvents)
    return <p class="note">This answer is no event stream: see Message and Answer.</p>;
  const picked = events[active];
  return (
    <>
      <VirtualList
        id="events"
        label="Events"
        items={events}
        keyOf={(_, index) => index}
        rowHeight={28}
        active={active}
        onActive={setActive}
        describe={describe}
        render={(event, index) => <EventRow event={event} before={events[index - 1]} />}
        keeps={call.ending === undefined ? "end" : undefined}
      />
      {picked && (
        <section class="picked" aria-label="The event">
          <p class="note">{describe(picked)}</p>
          {picked.comment && <p class="note">Comment: {picked.comment}</p>}
          <Json text={picked.data} label="Data of the event" />
        </section>
      )}
    </>
  );
}

function EventRow({ event, before }: { event: StreamEvent; before: StreamEvent | undefined }) {
  const { at, side, data, comment, bytes } = event;
  const gap = before ? at - before.at : 0;
  return (
    <>
      <span class="number">{toDuration(at)}</span>
      <span class={`number gap${gap > 1_000 ? " long" : ""}`}>
        {gap > 0 && `+${toDuration(gap)}`}
      </span>
      <span class="name">
        {side === "asked" && "↑ "}
        {nameOf(event)}
      </span>
      <code>{toPreview(data || comment || "")}</code>
      <span class="number">{toBytes(bytes)}</span>
    </>
  );
}

/** Of a delta what it adds; else its beginning, without what stands in the column before already. */
function toPreview(text: string): string {
  const start = text.slice(0, 600);
  const [, added] = delta.exec(start) ?? [];
  return added ?? start.slice(0, 300).replace(named, "{");
}

const delta = /[{,]\s*"(?:delta|content)"\s*:\s*("(?:[^"\\]|\\.)*"?)/;
const named = /^\{"type":"[\w.]+",/;

function describe(event: StreamEvent): string {
  const { at, bytes, side, isCut } = event;
  const who = side === "asked" ? "sent, " : "";
  return `${who}${nameOf(event)}, at ${toDuration(at)}, ${toBytes(bytes)}${isCut ? ", cut off" : ""}`;
}

/** What it calls itself; events of chats have no names. */
function nameOf({ name, data, type, comment }: StreamEvent): string {
  if (name) return name;
  if (type === "binary" || type === "close") return type;
  const [, said] = /^\s*\{[^{}]{0,200}?"type"\s*:\s*"([\w.]+)"/.exec(data) ?? [];
  return said ?? (comment !== undefined && data === "" ? "comment" : "data");
}
