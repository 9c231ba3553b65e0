import { useEffect, useMemo, useRef } from "preact/hooks";
import { toCount } from "../format.ts";
import { type Opened, opened } from "../opened.ts";
import { Tabs } from "../parts/tabs.tsx";
import { createReading, type Reading } from "../reading.ts";
import { close, open, tab, tabs } from "../route.ts";
import { AnswerPanel } from "./answer.tsx";
import { DiffPanel } from "./diff.tsx";
import { EventsPanel } from "./events.tsx";
import { CallHead } from "./head.tsx";
import { MessagePanel } from "./message.tsx";
import { RequestPanel } from "./request.tsx";
import { SendPanel } from "./send.tsx";
import { TimelinePanel } from "./timeline.tsx";

/** What a panel shows. */
export type Shown = { one: Opened; reading: Reading };

const panels = {
  message: MessagePanel,
  events: EventsPanel,
  timeline: TimelinePanel,
  request: RequestPanel,
  answer: AnswerPanel,
  diff: DiffPanel,
  send: SendPanel,
};

export function OpenCall() {
  const { value: one } = opened;
  return one ? <Detail key={one.id} one={one} /> : null;
}

function Detail({ one }: { one: Opened }) {
  const reading = useMemo(() => createReading(one), [one]);
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => reading.close, [reading]);
  const { value: call } = one.call;
  if (!call) return <Missing one={one} />;

  const { [tab.value]: Panel } = panels;
  const count = reading.events.length;
  const titles = {
    message: "Message",
    events: count > 0 ? <Counted title="Events" count={count} /> : "Events",
    timeline: "Timeline",
    request: "Request",
    answer: "Answer",
    diff: "Diff",
    send: "Send again",
  };
  return (
    <section class="call" aria-label={`Call ${call.method} ${call.path}`}>
      <CallHead call={call} one={one} reading={reading} />
      <Tabs
        label="Parts of the call"
        names={tabs}
        titles={titles}
        current={tab.value}
        onSelect={(name) => open(one.id, name)}
      />
      <div
        ref={panel}
        id="panel"
        role="tabpanel"
        class={`panel ${tab.value}`}
        aria-labelledby={`tab-${tab.value}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
      >
        <Panel one={one} reading={reading} />
      </div>
    </section>
  );
}

function Counted({ title, count }: { title: string; count: number }) {
  return (
    <>
      {title} <small class="number">{toCount(count)}</small>
    </>
  );
}

function Missing({ one: { failure } }: { one: Opened }) {
  return (
    <section class="call" aria-label="Call">
      {failure.value && (
        <div class="state">
          <h2>This call cannot be shown</h2>
          <p>{failure.value}</p>
          <button type="button" onClick={close}>
            Back to the list
          </button>
        </div>
      )}
    </section>
  );
}
