import { useState } from "preact/hooks";
import type { Call, HeaderPairs } from "../../../journal/call.ts";
import { sizeOf, toBase64 } from "../body.ts";
import { sendAgain } from "../client.ts";
import { status } from "../link.ts";
import { Icon } from "../parts/icon.tsx";
import { open } from "../route.ts";
import type { Shown } from "./call.tsx";
import { NotCaptured } from "./not-captured.tsx";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** Sends the call again, changed or not; what comes of it is a call of its own. */
export function SendPanel({ one, reading }: Shown) {
  const call = one.call.value!;
  const heads = one.heads.value;
  if (!call.isCaptured) return <NotCaptured />;
  if (call.kind === "websocket")
    return <p class="note">A WebSocket cannot be sent again from here.</p>;
  if (status.value?.maySend === false)
    return <p class="note">This relay does not let calls be sent again from the page.</p>;
  if (!heads || !one.isWhole.value) return null;
  if (sizeOf(one.asked) < call.bytesIn)
    return <p class="note">Of its body not all was kept: it cannot be sent again.</p>;
  return <Form call={call} target={heads.target} headers={heads.asked} body={reading.asked} />;
}

type FormProps = { call: Call; target: string; headers: HeaderPairs; body: Uint8Array | undefined };

function Form({ call, target, headers, body = new Uint8Array() }: FormProps) {
  const original = toText(body);
  const [method, setMethod] = useState(call.method);
  const [path, setPath] = useState(target);
  const [lines, setLines] = useState(() => toLines(headers));
  const [text, setText] = useState(original ?? "");
  const [failure, setFailure] = useState("");
  const [isSending, setSending] = useState(false);
  const isJson = /^content-type:.*json/im.test(lines);
  const fault = isJson && text !== "" ? faultOf(text) : undefined;

  async function send(): Promise<void> {
    setSending(true);
    setFailure("");
    const bytes =
      text === original || original === undefined ? body : new TextEncoder().encode(text);
    try {
      const asked = { method, target: path, headers: toPairs(lines), body: toBase64(bytes) };
      const { id } = await sendAgain({ again: call.id, ...asked });
      open(id, "message");
    } catch (error) {
      setFailure((error as Error).message);
    }
    setSending(false);
  }

  return (
    <form
      class="send"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="target">
        <label>
          <span>Method</span>
          <select value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
            {methods.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          <span>Path and query</span>
          <input
            required
            pattern="/.*"
            spellcheck={false}
            value={path}
            onInput={(event) => setPath(event.currentTarget.value)}
          />
        </label>
      </div>
      <label>
        <span>Headers, one on a line; the relay puts the key on</span>
        <textarea
          rows={5}
          spellcheck={false}
          value={lines}
          onInput={(event) => setLines(event.currentTarget.value)}
        />
      </label>
      {original === undefined ? (
        <p class="note">The body is binary and is sent as it was.</p>
      ) : (
        <label>
          <span>Body</span>
          <textarea
            rows={14}
            spellcheck={false}
            value={text}
            aria-invalid={fault !== undefined}
            aria-describedby="fault"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      )}
      <p id="fault" class={fault ? "error" : "note"} aria-live="polite">
        {fault ? `No valid JSON: ${fault}` : isJson && text !== "" && "Valid JSON."}
      </p>
      {failure && (
        <p class="error" role="alert">
          {failure}
        </p>
      )}
      <div class="with-action">
        <button type="submit" class="main" disabled={isSending}>
          <Icon name="send" />
          {isSending ? "Sending" : "Send"}
        </button>
        {fault === undefined && isJson && text !== "" && (
          <button type="button" onClick={() => setText(JSON.stringify(JSON.parse(text), null, 2))}>
            Format
          </button>
        )}
      </div>
    </form>
  );
}

/** `undefined`: what cannot be edited as text without loss, or is none. */
function toText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The relay makes these anew. */
const own = /^(?:host|connection|content-length|transfer-encoding|content-encoding|expect)$/i;

function toLines(headers: HeaderPairs): string {
  const lines = headers.filter(([name]) => !own.test(name));
  return lines.map(([name, value]) => `${name}: ${value}`).join("\n");
}

function toPairs(lines: string): HeaderPairs {
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.indexOf(":");
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    });
}

function faultOf(json: string): string | undefined {
  try {
    JSON.parse(json);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
