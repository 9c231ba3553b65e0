import { useEffect, useState } from "preact/hooks";
import { type Prompt, readFrames, readPrompt } from "../../../story/prompt.ts";
import { toBodyUrl } from "../client.ts";
import { Cut } from "../parts/cut.tsx";
import { Headers } from "../parts/headers.tsx";
import { Json } from "../parts/json.tsx";
import { headerIn } from "../reading.ts";
import type { Shown } from "./call.tsx";
import { Save } from "./head.tsx";
import { NotCaptured } from "./not-captured.tsx";
import { PartView } from "./part.tsx";

/** What was asked: the prompt in its parts, the parameters, and all of it raw. */
export function RequestPanel({ one, reading }: Shown) {
  const call = one.call.value!;
  const heads = one.heads.value;
  const prompt = usePrompt({ one, reading });
  if (!call.isCaptured) return <NotCaptured />;
  return (
    <>
      {prompt?.problem && <p class="error">{prompt.problem}</p>}
      {prompt?.parts.map((part) => (
        <PartView key={part.path} part={part} />
      ))}
      {prompt && prompt.parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <Headers lines={prompt.parameters} />
        </>
      )}
      <h3>Head</h3>
      <pre class="line">
        {call.method} {heads?.target}
      </pre>
      <Headers lines={heads?.asked ?? []} />
      {reading.asked && (
        <>
          <div class="with-action">
            <h3>Body</h3>
            <Save title="Save" url={toBodyUrl(one.id, "asked")} />
          </div>
          <Cut body={one.asked} bytes={call.bytesIn} isWhole={one.isWhole.value} />
          <RawBody type={headerIn(heads?.asked ?? [], "content-type")} body={reading.asked} />
        </>
      )}
    </>
  );
}

function RawBody({ type, body }: { type: string; body: Uint8Array }) {
  if (/^(?:multipart|audio|image|video)\/|octet-stream/i.test(type))
    return <p class="note">{type}: save it to see it.</p>;
  return <Json text={new TextDecoder().decode(body)} label="Body of the request" />;
}

function usePrompt({ one, reading }: Shown): Prompt | undefined {
  const [prompt, setPrompt] = useState<Prompt>();
  const { asked, events } = reading;
  const isWebSocket = one.call.value?.kind === "websocket";
  useEffect(() => {
    const type = headerIn(one.heads.value?.asked ?? [], "content-type");
    if (isWebSocket) setPrompt(readFrames(events));
    else if (asked) void readPrompt(type, asked).then(setPrompt);
  }, [asked, isWebSocket && events.length]);
  return prompt;
}
