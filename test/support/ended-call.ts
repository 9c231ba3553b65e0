import type { Call } from "../../src/journal/call.ts";

/** A streamed call that went well, as the journal's thread knows it at its end. */
export const endedCall: Call = {
  seq: 1,
  id: "a-1",
  relay: { number: 1, pid: 1, startedAt: 0, command: "start", url: "http://127.0.0.1:8484/v1" },
  kind: "http",
  startedAt: 1_700_000_000_000.5,
  method: "POST",
  path: "/v1/chat/completions",
  model: "gpt-5",
  tag: "nightly",
  isStream: true,
  status: 200,
  ending: "complete",
  bytesIn: 100,
  bytesOut: 2_000,
  slices: 9,
  times: { sent: 12, connect: 11, head: 300, firstSlice: 400, end: 2_000 },
  usage: { state: "known", input: 100, cachedInput: 60, output: 20 },
  cost: { state: "known", nano: 1_500_000_000 },
  isCaptured: false,
};
