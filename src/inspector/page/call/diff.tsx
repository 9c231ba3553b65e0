import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Call } from "../../../journal/call.ts";
import { type Asking, toChain } from "../../../story/chain.ts";
import { type Difference, diffBodies, diffHeaders, diffValues } from "../../../story/diff.ts";
import { fieldsOf, parseJson } from "../../../story/json.ts";
import { wordsOf } from "../../../story/message.ts";
import { calls } from "../calls.ts";
import { toClock } from "../format.ts";
import { load, type Opened } from "../opened.ts";
import { createReading, type Reading } from "../reading.ts";
import { CacheNote } from "./cache-note.tsx";
import type { Shown } from "./call.tsx";
import { DifferenceView } from "./difference.tsx";
import { NotCaptured } from "./not-captured.tsx";

/** The call that others are compared with: it stays the same while one looks at several. */
const otherId = signal<string | undefined>(undefined);

/** How this call differs from another one. */
export function DiffPanel({ one, reading }: Shown) {
  const call = one.call.value!;
  if (!call.isCaptured) return <NotCaptured />;
  const others = candidatesFor(call);
  const chosen = others.find(({ id }) => id === otherId.value) ?? others[0];
  if (!chosen) return <p class="note">There is no other call whose bodies were kept.</p>;
  return (
    <>
      <label class="pick">
        <span>What changed since</span>
        <select
          id="diff-with"
          value={chosen.id}
          onChange={(event) => {
            otherId.value = event.currentTarget.value;
          }}
        >
          {others.map((other) => (
            <option key={other.id} value={other.id}>
              {`${toClock(other.startedAt)} ${other.method} ${other.path} ${other.model ?? ""} (${other.id})`}
            </option>
          ))}
        </select>
      </label>
      <Compared key={chosen.id} id={chosen.id} one={one} reading={reading} />
    </>
  );
}

/** The call just before it on the same path is what one mostly looks for. */
function candidatesFor(call: Call): Call[] {
  const rank = ({ path, seq }: Call) => (path === call.path ? 0 : 2) + (seq < call.seq ? 0 : 1);
  return calls.value
    .filter(({ isCaptured, id }) => isCaptured && id !== call.id)
    .sort((a, b) => rank(a) - rank(b) || b.seq - a.seq);
}

function Compared({ id, one, reading }: Shown & { id: string }) {
  const other = useMemo(() => load(id), [id]);
  const before = useMemo(() => createReading(other), [other]);
  useEffect(() => before.close, [before]);
  if (other.failure.value) return <p class="error">{other.failure.value}</p>;
  if (!other.heads.value || !one.heads.value) return null;
  return (
    <>
      <CacheNote
        links={toChain([toAsking(other, before), toAsking(one, reading)].flat())}
        id={one.id}
      />
      <Part title="Request" differences={diffRequests(other, before, one, reading)} />
      <Part title="Message" differences={diffValues("", toWords(before), toWords(reading))} />
    </>
  );
}

function toAsking({ call }: Opened, { asked }: Reading): Asking[] {
  const body = fieldsOf(parseJson(toText(asked)));
  return call.value && body ? [{ call: call.value, body }] : [];
}

function diffRequests(a: Opened, before: Reading, b: Opened, after: Reading): Difference[] {
  const line = ({ call, heads }: Opened) => `${call.value?.method} ${heads.value?.target}`;
  return [
    ...diffValues("method and path", line(a), line(b)),
    ...diffHeaders(a.heads.value?.asked, b.heads.value?.asked),
    ...diffBodies(toText(before.asked), toText(after.asked)),
  ];
}

const toText = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const toWords = ({ answer }: Reading) => (answer ? wordsOf(answer.message) : "");

function Part({ title, differences }: { title: string; differences: Difference[] }) {
  return (
    <>
      <h3>
        {title}{" "}
        {differences.length === 0
          ? "is the same"
          : `differs in ${differences.length} ${differences.length === 1 ? "place" : "places"}`}
      </h3>
      {differences.map((one) => (
        <DifferenceView key={one.path} difference={one} />
      ))}
    </>
  );
}
