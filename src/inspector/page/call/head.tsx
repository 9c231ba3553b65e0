import type { Call } from "../../../journal/call.ts";
import { toBodyUrl, toExportUrl } from "../client.ts";
import { toBytes, toCost, toCount, toDay, toDuration } from "../format.ts";
import { Took } from "../list/row.tsx";
import type { Opened } from "../opened.ts";
import { outcomeOf } from "../outcome.ts";
import { Badge } from "../parts/badge.tsx";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import type { Reading } from "../reading.ts";
import { close, open } from "../route.ts";
import { CopyAs } from "./copy-as.tsx";

type Props = { call: Call; one: Opened; reading: Reading };

/** Which call this is, what became of it, and what can be done with it. */
export function CallHead({ call, one, reading }: Props) {
  const { id, kind, method, path, errorMessage, isCaptured } = call;
  return (
    <header class="call-head">
      <div class="title">
        <button type="button" class="plain back" aria-keyshortcuts="Escape" onClick={close}>
          <Icon name="left" />
          <span class="hidden">Back to the list</span>
        </button>
        <h2>
          <b>{method}</b> {path}
        </h2>
        <Badge call={call} />
        <span class="word">{outcomeOf(call).word}</span>
        <div class="actions">
          {isCaptured && <CopyAs one={one} reading={reading} />}
          <Menu label="Export" choices={exportsOf(call)} />
          {isCaptured && kind === "http" && (
            <button type="button" onClick={() => open(id, "send")}>
              <Icon name="send" />
              Edit and send
            </button>
          )}
        </div>
      </div>
      {errorMessage && <p class="error">{errorMessage}</p>}
      <dl class="facts">
        <div>
          <dt>Took</dt>
          <dd>
            <Took call={call} />
          </dd>
        </div>
        {factsOf(call).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

export function Save({ title, url }: { title: string; url: string }) {
  return (
    <a class="button" href={url} download>
      <Icon name="save" />
      {title}
    </a>
  );
}

function exportsOf({ id, isCaptured }: Call) {
  const bodies = [
    { title: "Body of the request", url: toBodyUrl(id, "asked") },
    { title: "Body of the answer", url: toBodyUrl(id, "answered") },
  ];
  return [
    { title: "As HAR", url: toExportUrl({ format: "har", id }) },
    { title: "As JSONL", url: toExportUrl({ format: "jsonl", id }) },
    ...(isCaptured ? bodies : []),
  ];
}

/** Only what is there: an operation that counts no tokens has none to show. */
function factsOf(call: Call): [name: string, value: string][] {
  const { model, usage, cost, tag, client, relay, times, bytesIn, bytesOut, startedAt, again } =
    call;
  const first = times.firstSlice;
  const facts: [string, string | undefined][] = [
    ["First slice", first === undefined ? undefined : toDuration(first)],
    ["Model", model],
    ["Tokens", usage && toUsage(usage)],
    ["Cost", cost && toCost(cost)],
    ["At", toDay(startedAt)],
    ["Tag", tag],
    ["Client", client],
    ["Command", relay.command],
    ["Again", again],
    // Last: while it grows, nothing behind it moves.
    ["Bytes", `${toBytes(bytesIn)} in, ${toBytes(bytesOut)} out`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

function toUsage(usage: NonNullable<Call["usage"]>): string {
  const { state, input, cachedInput, output, reasoning } = usage;
  if (state === "unknown") return "unknown";
  const cached = cachedInput ? ` (${toCount(cachedInput)} cached)` : "";
  const thought = reasoning ? ` (${toCount(reasoning)} reasoning)` : "";
  const parts = [
    input !== undefined && `${toCount(input)} in${cached}`,
    output !== undefined && `${toCount(output)} out${thought}`,
  ];
  const counted = parts.filter(Boolean).join(", ");
  return state === "partial" ? `at least ${counted}` : counted;
}
