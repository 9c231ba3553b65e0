import { useMemo } from "preact/hooks";
import { toBodyUrl } from "../client.ts";
import { Cut } from "../parts/cut.tsx";
import { Headers } from "../parts/headers.tsx";
import { Json } from "../parts/json.tsx";
import { headerIn } from "../reading.ts";
import type { Shown } from "./call.tsx";
import { Save } from "./head.tsx";
import { NotCaptured } from "./not-captured.tsx";

/** The answer as it came: head and body. */
export function AnswerPanel({ one, reading }: Shown) {
  const call = one.call.value!;
  const heads = one.heads.value;
  if (!call.isCaptured) return <NotCaptured />;
  return (
    <>
      <h3>
        Head <span class="number">{`${call.status || "–"} ${heads?.reason ?? ""}`}</span>
      </h3>
      <Headers lines={heads?.answered ?? []} />
      <div class="with-action">
        <h3>Body</h3>
        <Save title="Save" url={toBodyUrl(one.id, "answered")} />
      </div>
      <Cut body={one.answered} bytes={call.bytesOut} isWhole={one.isWhole.value} />
      <RawBody one={one} reading={reading} />
    </>
  );
}

/** Raw text stops here: the rest is what the download is for. */
const most = 1_000_000;

function RawBody({ one, reading }: Shown) {
  const { value: count } = one.answered.count;
  const type = headerIn(one.heads.value?.answered ?? [], "content-type");
  const text = useMemo(
    () => new TextDecoder().decode(reading.answered()?.subarray(0, most)),
    [count, one.isWhole.value, reading.version.value],
  );
  if (count === 0) return <p class="note">Nothing came.</p>;
  if (!/json|text|xml/i.test(type))
    return <p class="note">Binary ({type || "of no stated type"}): see Message, or save it.</p>;
  return <Json text={text} label="Body of the answer" />;
}
