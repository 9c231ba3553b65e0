import { gzipSync, constants as zlib } from "node:zlib";
import { createRandom, type Random } from "./random.ts";
import { answers } from "./true-answers.ts";
import { models, type Truth, truthOf, truthOfSeconds } from "./true-costs.ts";

/** What is asked, what the upstream says to it, who ends it, and what there is to say of it then. */
export type TrueCall = {
  method: "GET" | "POST";
  path: string;
  asked: string;
  status: number;
  headers: Record<string, string>;
  /** All that the upstream says, as it writes it. */
  answered: Buffer[];
  fate: Fate;
  truth: Truth;
};

/** Then the answer `ends`, the upstream `breaks` it, or the client `leaves`: if `hasty`, before there is one. */
export type Fate = "ends" | "breaks" | "leaves" | "hasty";

const fates: Fate[] = ["ends", "ends", "ends", "ends", "breaks", "leaves", "leaves", "hasty"];

/** Call number `seed`, the same each time. */
export function trueCall(seed: number): TrueCall {
  const random = createRandom(seed);
  return random.below(10) === 0 ? rareCall(random) : commonCall(random);
}

function commonCall(random: Random): TrueCall {
  const model = random.one(models);
  const input = 1 + random.below(random.below(9) === 0 ? 400_000 : 3_000);
  const cached = random.below(2) * random.below(input + 1);
  const counts = { model, input, cached, output: random.below(2_000), isFlex: !random.below(4) };
  const { path, parts, headers, figuresAt, closedAt } = random.one(answers)(counts, random);

  const fate = random.one(fates);
  const all = parts.length;
  // What comes last matters most.
  const broken = random.one([1 + random.below(all), all - 1, all]);
  const said = { ends: all, breaks: broken, leaves: broken, hasty: 0 }[fate];
  const isWhole = fate === "ends" || said >= closedAt;
  const state = said < figuresAt ? "unknown" : isWhole ? "known" : "partial";
  const text = Buffer.from(parts.slice(0, said).join(""));
  const isCoded = random.below(4) === 0;
  // Who compresses what he streams, flushes what he has.
  const finishFlush = fate === "ends" ? zlib.Z_FINISH : zlib.Z_SYNC_FLUSH;
  const bytes = isCoded && said > 0 ? gzipSync(text, { finishFlush }) : text;
  return {
    ...{ method: "POST", path, status: 200, fate, truth: truthOf(state, counts) },
    asked: JSON.stringify({ model, input: "x".repeat(random.below(200)) }),
    headers: { ...headers, ...(isCoded && { "content-encoding": "gzip" }) },
    answered: cut(bytes, random),
  };
}

/** What ends well, and has something else to say of its cost. */
function rareCall(random: Random): TrueCall {
  const none: Truth = { nano: 0n, input: 0, output: 0 };
  const seconds = random.below(7_200);
  const usage = `{"usage":{"type":"duration","seconds":${seconds}}}`;
  const [method, path, status, answer, truth] = random.one<
    ["GET" | "POST", string, number, string, Truth]
  >([
    ["POST", "/v1/responses", 429, '{"error":{"code":"rate_limit_exceeded"}}', none],
    ["POST", "/v1/chat/completions", 500, `{"error":{},${usage.slice(1)}`, none],
    ["GET", "/v1/models", 200, '{"data":[]}', none],
    ["POST", "/v1/moderations", 200, "{}", { ...none, state: "known" }],
    ["POST", "/v1/batches", 200, '{"id":"batch_1"}', { ...none, state: "unknown" }],
    ["POST", "/v1/audio/transcriptions", 200, usage, truthOfSeconds(seconds)],
  ]);
  const asked = method === "GET" ? "" : '{"model":"gpt-by-the-minute"}';
  const headers = { "content-type": "application/json" };
  const answered = cut(Buffer.from(answer), random);
  return { method, path, status, asked, headers, answered, fate: "ends", truth };
}

/** In pieces, anywhere. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const places = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1));
  const ends = [...places.sort((a, b) => a - b), bytes.length];
  return ends
    .map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
    .filter(({ length }) => length > 0);
}
