import { useEffect, useRef } from "preact/hooks";
import type { Item, Message } from "../../../story/message.ts";
import { wordsOf } from "../../../story/message.ts";
import { Copy } from "../parts/copy.tsx";
import { Json } from "../parts/json.tsx";
import { Text } from "../parts/text.tsx";
import type { Shown } from "./call.tsx";
import { MediaView } from "./media.tsx";
import { NotCaptured } from "./not-captured.tsx";

/** What the answer says, put together; it grows while the call runs. */
export function MessagePanel({ one, reading }: Shown) {
  const end = useRef<HTMLDivElement>(null);
  const call = one.call.value!;
  const isRunning = call.ending === undefined;
  const { message } = reading.answer ?? {};
  useFollow(end, isRunning, reading.version.value);
  if (!call.isCaptured) return <NotCaptured />;
  if (!message || isEmpty(message)) {
    if (isRunning) return <p class="note">Nothing has come yet.</p>;
    if (one.isWhole.value) return <p class="note">{toNothing(call.status, call.slices)}</p>;
    return null;
  }
  return (
    <>
      {message.error && <Failure {...message.error} />}
      {message.items.map((item) => (
        <Said
          key={item.key}
          item={item}
          hasChoices={message.items.some(({ choice }) => choice > 0)}
        />
      ))}
      {message.problems.map((problem) => (
        <p key={problem} class="error">
          {problem}
        </p>
      ))}
      <div class="with-action">
        <p class="note">{isRunning ? "Still streaming." : toEnd(message)}</p>
        {wordsOf(message) !== "" && <Copy text={() => wordsOf(message)} label="Copy the text" />}
      </div>
      <div ref={end} />
    </>
  );
}

function toNothing(status: number, slices: number): string {
  if (status === 0) return "No answer came.";
  return slices === 0 ? "The answer has no body." : "This answer holds no message: see Answer.";
}

const isEmpty = ({ items, error, problems }: Message) =>
  items.length === 0 && !error && problems.length === 0;

function toEnd({ finish, isClosed, error }: Message): string {
  if (error) return "";
  if (!isClosed) return "It broke off: the end that the API promises never came.";
  return finish ? `Ended: ${finish}.` : "Complete.";
}

/** Whoever looks at the end of what is being said keeps seeing its end. */
function useFollow(
  end: { current: HTMLElement | null },
  isRunning: boolean,
  version: number,
): void {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const panel = end.current?.parentElement;
    if (!panel) return undefined;
    const look = () => {
      isAtEnd.current = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 40;
    };
    panel.addEventListener("scroll", look, { passive: true });
    return () => panel.removeEventListener("scroll", look);
  }, [end.current !== null]);
  useEffect(() => {
    const panel = end.current?.parentElement;
    if (panel && isRunning && isAtEnd.current) panel.scrollTop = panel.scrollHeight;
  }, [version]);
}

type SaidProps = { item: Item; hasChoices: boolean };

function Said({ item, hasChoices }: SaidProps) {
  const choice = hasChoices ? `, choice ${item.choice}` : "";
  if (item.kind === "call") {
    return (
      <section class="said">
        <div class="heading">
          <h3>Tool call{choice}</h3>
          <code class="tool">{item.name || "…"}</code>
          {item.id && <small>{item.id}</small>}
        </div>
        {item.arguments !== "" && (
          <Json text={item.arguments} label={`Arguments of ${item.name}`} />
        )}
        {item.output !== undefined && <Json text={item.output} label={`Output of ${item.name}`} />}
      </section>
    );
  }
  if ("text" in item) {
    return (
      <section class={`said is-${item.kind}`}>
        <h3>{titles[item.kind] + choice}</h3>
        <Text text={item.text} />
      </section>
    );
  }
  return (
    <section class="said">
      <h3>{item.kind + choice}</h3>
      <MediaView media={item} />
    </section>
  );
}

const titles = {
  text: "Text",
  reasoning: "Reasoning",
  refusal: "Refusal",
  transcript: "Transcript",
  heard: "Heard",
};

function Failure({ message, code, type }: NonNullable<Message["error"]>) {
  return (
    <section class="said is-failure">
      <h3>Error</h3>
      <p>{message}</p>
      {(code || type) && <p class="note">{[code, type].filter(Boolean).join(", ")}</p>}
    </section>
  );
}
