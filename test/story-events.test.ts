import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Call, Slice } from "../src/journal/call.ts";
import { Answer } from "../src/story/answer.ts";
import { EventReader, inOrder, type StreamEvent } from "../src/story/events.ts";
import { toTimeline } from "../src/story/timeline.ts";

const encoder = new TextEncoder();

function read(text: string, cuts: readonly number[] = []): StreamEvent[] {
  const reader = new EventReader();
  return [
    ...cutAt(encoder.encode(text), cuts).flatMap((slice) => reader.push(slice)),
    ...reader.end(99),
  ];
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Slice[] {
  const places = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return places.slice(1).map((to, i) => ({ at: i, bytes: bytes.subarray(places[i], to) }));
}

function saidBy(events: readonly StreamEvent[]): object[] {
  return events.map(({ from: _, at: __, ...said }) => said);
}

describe("events of a stream", () => {
  test.each([
    ["data: a\n\ndata: b\n\n", [{ data: "a" }, { data: "b" }]],
    ["event: x\r\ndata: a\r\n\r\n", [{ name: "x", data: "a" }]],
    ["data: a\rdata: b\r\r", [{ data: "a\nb" }]],
    [
      ": ping\n\ndata:a\nid: 7\nretry: 5\n\n",
      [
        { comment: "ping", data: "" },
        { data: "a", id: "7" },
      ],
    ],
    ["\uFEFFdata: a\n\n\n\n\ndata\n\n", [{ data: "a" }, { data: "" }]],
    ["data: whole\n\ndata: cut", [{ data: "whole" }, { data: "cut", isCut: true }]],
    ["data: cut\n", [{ data: "cut", isCut: true }]],
    ["data: \uFEFFä\n\n", [{ data: "\uFEFFä" }]],
  ])("of %j", (text, expected) => {
    expect(saidBy(read(text))).toEqual(
      expected.map((one) => ({ ...one, side: "answered", bytes: expect.any(Number) })),
    );
  });

  test("are the same however a stream is cut, and so is the message", () => {
    const lines = fc.constantFrom(
      ...["\n", "\r\n", "\r", "data: ", "data: Grüße 🌧", ":", "event: x", "id", "\uFEFF", " "],
      'data: {"choices":[{"delta":{"content":"ö🌧"}}]}\n\n',
      'data: {"type":"response.output_text.delta","output_index":0,"delta":"é"}\r\n\r\n',
    );
    const stream = fc.array(lines, { maxLength: 40 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(stream, fc.array(fc.nat(2_000), { maxLength: 30 }), (text, cuts) => {
        const answer = new Answer({ contentType: "text/event-stream" });
        answer.push(cutAt(encoder.encode(text), cuts));
        answer.end();
        const whole = new Answer({ contentType: "text/event-stream" });
        whole.push(cutAt(encoder.encode(text), []));
        whole.end();

        expect(saidBy(answer.events)).toEqual(saidBy(whole.events));
        expect(answer.message).toEqual(whole.message);
      }),
    );
  });

  test("know when their first and their last byte came", () => {
    const reader = new EventReader();
    const push = (at: number, text: string) => reader.push({ at, bytes: encoder.encode(text) });

    expect(push(10, "data: a")).toEqual([]);
    expect(push(20, "\n")).toEqual([]);
    const [a] = push(35, "\ndata: b\n\nda");
    const [c] = push(50, "ta: c\n\n");

    expect(a).toMatchObject({ from: 10, at: 35, data: "a", bytes: 9 });
    expect(c).toMatchObject({ from: 35, at: 50, data: "c" });
  });

  test("of a long stream in small pieces, and of one long line, are found in time", () => {
    const count = 50_000;
    const event = encoder.encode('event: x\ndata: {"type":"x","delta":"word "}\n\n');
    const reader = new EventReader();
    let events = 0;
    for (let i = 0; i < count; i++) {
      events += reader.push({ at: i, bytes: event.subarray(0, 20) }).length;
      events += reader.push({ at: i, bytes: event.subarray(20) }).length;
    }
    // Reading what came before anew with each piece would be 400 GB.
    const piece = new Uint8Array(100).fill(97);
    for (let i = 0; i < 90_000; i++) reader.push({ at: i, bytes: piece });
    const [last] = reader.end(1);

    expect(events).toBe(count);
    expect(last).toMatchObject({ bytes: 9_000_000, isCut: true });
  });

  test("of a WebSocket are its messages, of both sides in order", () => {
    const [asked, answered] = [new EventReader("asked"), new EventReader()];
    const slice = (at: number, type: NonNullable<Slice["type"]>, bytes: Uint8Array) => ({
      at,
      type,
      bytes,
    });

    const events = inOrder(
      [
        ...asked.push(slice(1, "text", encoder.encode("ä"))),
        ...asked.push(slice(9, "close", new Uint8Array())),
      ],
      [
        ...answered.push(slice(4, "binary", new Uint8Array([1, 2]))),
        ...answered.push(slice(8, "close", new Uint8Array([3, 232, 98, 121, 101]))),
      ],
    );

    expect(events).toMatchObject([
      { side: "asked", type: "text", data: "ä" },
      { side: "answered", type: "binary", raw: new Uint8Array([1, 2]), bytes: 2 },
      { side: "answered", type: "close", data: "1000 bye" },
      { side: "asked", type: "close", data: "" },
    ]);
  });
});

describe("the timeline of a call", () => {
  const call: Omit<Call, "times"> = {
    ...{ seq: 1, id: "a", kind: "http", startedAt: 0, method: "POST", path: "/v1/responses" },
    relay: { number: 1, pid: 1, startedAt: 0, command: "start", url: "" },
    ...{ isStream: true, status: 200, ending: "complete", bytesIn: 1, bytesOut: 1, slices: 4 },
    isCaptured: true,
  };

  test("has the phases that are known, one after the other", () => {
    const times = {
      sent: 30,
      connect: 20,
      head: 100,
      firstSlice: 110,
      lastSlice: 1_110,
      end: 1_115,
    };
    const usage = { state: "known" as const, input: 5, output: 50 };

    expect(toTimeline({ ...call, times, usage })).toEqual({
      total: 1_115,
      phases: [
        { name: "waiting", from: 0, to: 10 },
        { name: "connecting", from: 10, to: 30 },
        { name: "sending", from: 30, to: 100 },
        { name: "thinking", from: 100, to: 110 },
        { name: "streaming", from: 110, to: 1_115 },
      ],
      ...{ slices: [], stalls: [], tokensPerSecond: 50 },
    });
    expect(toTimeline({ ...call, times: { head: 5, end: 7 } }).phases).toEqual([
      { name: "sending", from: 0, to: 5 },
    ]);
    expect(toTimeline({ ...call, times: {} }, [], 42)).toMatchObject({ total: 42, phases: [] });
  });

  test.each([
    [
      "a silence of more than a second and ten times the usual one",
      [0, 100, 200, 1_700, 1_800],
      [[200, 1_700]],
    ],
    ["none that is usual in this stream", [0, 300, 600, 2_600, 2_900], []],
    ["a single one", [0, 1_500], [[0, 1_500]]],
    ["none of a fast stream", [0, 1, 2, 900], []],
  ])("tells %s", (_name, slices, stalls) => {
    const times = { firstSlice: 0, end: 5_000 };
    expect(toTimeline({ ...call, times }, slices).stalls.map(({ from, to }) => [from, to])).toEqual(
      stalls,
    );
  });
});
