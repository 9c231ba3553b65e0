import fc from "fast-check";

/** One exchange as both of its ends are to play it. */
export type Plan = {
  request: RequestPlan;
  answer: AnswerPlan;
  client: ClientPlan;
  /** Over TLS on both ways. */
  tls: boolean;
};

export type RequestPlan = {
  version: "1.0" | "1.1";
  method: "GET" | "POST";
  /** How a POST frames its body. */
  framing: "length" | "chunked";
  bodyBytes: number;
};

export type AnswerPlan = {
  framing: "length" | "chunked" | "close";
  /** Bytes of each piece of the body, and milliseconds before it. */
  pieces: { bytes: number; ms: number }[];
  /** Where upstream stops, as a part of all bytes on the wire, and how; `null`: it says it all. */
  cut: { at: number; how: "end" | "reset" | "silence" } | null;
};

export type ClientPlan = {
  /** What the client waits for before it leaves: a part of all bytes, time, upstream's last act. */
  leaves: "never" | { asked: number } | { read: number } | { ms: number } | "with upstream";
  how: "destroy" | "reset";
  /** Reads nothing until it leaves. */
  isDeaf: boolean;
};

/** Evenly: fast-check would rather have the smallest. */
export const fraction = fc.noBias(fc.nat(9_999)).map((n) => n / 10_000);
const ms = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(6));

const request: fc.Arbitrary<RequestPlan> = fc.record({
  version: fc.constantFrom("1.1", "1.1", "1.1", "1.0"),
  method: fc.constantFrom("GET", "POST"),
  framing: fc.constantFrom("length", "chunked"),
  bodyBytes: fc.oneof(
    { weight: 4, arbitrary: fc.nat(300) },
    { weight: 1, arbitrary: fc.nat(200_000) },
  ),
});

/** What a side says: mostly little, mostly at once. */
export const pieces: fc.Arbitrary<{ bytes: number; ms: number }[]> = fc.array(
  fc.record({
    bytes: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 400 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 300_000 }) },
    ),
    ms,
  }),
  { maxLength: 5 },
);

/** Nothing at all is said more often than chance would have it. */
export const cutAt = fc.oneof(
  { weight: 4, arbitrary: fraction },
  { weight: 1, arbitrary: fc.constant(0) },
);

const answer: fc.Arbitrary<AnswerPlan> = fc.record({
  framing: fc.constantFrom("length", "chunked", "chunked", "close"),
  pieces,
  cut: fc.option(fc.record({ at: cutAt, how: fc.constantFrom("end", "reset", "silence") }), {
    freq: 2,
  }),
});

const client: fc.Arbitrary<ClientPlan> = fc.record({
  leaves: fc.oneof(
    { weight: 5, arbitrary: fc.constant("never" as const) },
    { weight: 1, arbitrary: fc.record({ asked: fraction }) },
    { weight: 3, arbitrary: fc.record({ read: fc.oneof(fraction, fc.constantFrom(0, 1)) }) },
    { weight: 3, arbitrary: fc.record({ ms: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.constant("with upstream" as const) },
  ),
  how: fc.constantFrom("destroy", "reset"),
  isDeaf: oneIn(5),
});

/** Every way in which an exchange can end. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({ request, answer, client, tls: oneIn(24) })
  // Node's TLS does not tell an end in order from any other, which all depends on in HTTP/1.0.
  .map((plan) => ({ ...plan, tls: plan.tls && plan.request.version === "1.1" }));

export function oneIn(times: number): fc.Arbitrary<boolean> {
  return fc.nat(times - 1).map((n) => n === 0);
}
