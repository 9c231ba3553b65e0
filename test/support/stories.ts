import type { HeaderPairs } from "../../src/journal/call.ts";
import type { Written } from "../../src/journal/writer.ts";
import { bytesOf, eventHeaders, jsonHeaders, type TestJournal, toEvent } from "./calls.ts";

// Calls as they lie in a journal once their bodies were captured.

type Captured = Partial<Written> & {
  id: string;
  target?: string;
  asked?: unknown;
  askedHeaders?: HeaderPairs;
  /** An answer in one slice. */
  answered?: unknown;
  /** An answer in events, a slice each. */
  events?: readonly Uint8Array[];
  answeredHeaders?: HeaderPairs;
};

/** Milliseconds between two events. */
const rhythm = 20;

/** Adds a captured call; returns its place. */
export function capture(journal: TestJournal, call: Captured): number {
  const { target, asked, askedHeaders, answered, events, answeredHeaders, ...written } = call;
  const pieces = events ?? (answered === undefined ? [] : [toBytes(answered)]);
  const slices = pieces.map((bytes, index) => ({ at: 400 + index * rhythm, bytes }));
  const body = asked === undefined ? undefined : toBytes(asked);
  const last = slices.at(-1)?.at ?? 400;
  let seq = 0;
  journal.together(() => {
    seq = journal.put({
      ...{ isCaptured: true, slices: slices.length, isStream: events !== undefined },
      times: { sent: 12, connect: 8, head: 390, firstSlice: 400, lastSlice: last, end: last + 1 },
      bytesIn: body?.length ?? 0,
      bytesOut: slices.reduce((sum, { bytes }) => sum + bytes.length, 0),
      ...written,
    });
    journal.heads(seq, {
      target: target ?? written.path ?? "/v1/responses",
      asked: askedHeaders ?? jsonHeaders,
      reason: "OK",
      answered: answeredHeaders ?? (events ? eventHeaders : jsonHeaders),
    });
    if (body) journal.add(seq, "asked", [{ at: 1, bytes: body }]);
    journal.add(seq, "answered", slices);
  });
  return seq;
}

const toBytes = (content: unknown) => (content instanceof Uint8Array ? content : bytesOf(content));

export const delta = (text: string) =>
  toEvent({ type: "response.output_text.delta", ...message, delta: text });

const message = { item_id: "msg_1", output_index: 0, content_index: 0 };

export const completed = toEvent({
  type: "response.completed",
  response: { id: "resp_1", object: "response", status: "completed", output: [] },
});
