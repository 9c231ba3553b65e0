import type { Random } from "./random.ts";
import type { Counts } from "./true-costs.ts";

/** What an answer says, part by part, and with how many of them it has told what. */
export type Answer = {
  path: string;
  headers: Record<string, string>;
  parts: string[];
  /** Its figures; `never`: it has none. */
  figuresAt: number;
  /** That it is over, whoever ends it then. */
  closedAt: number;
};

const never = Number.POSITIVE_INFINITY;
const json = { "content-type": "application/json" };
const events = { "content-type": "text/event-stream; charset=utf-8" };

/** Looks like usage, and is none. */
const bait = JSON.stringify({ content: '"usage":{"prompt_tokens":7,"completion_tokens":7}' });
const tools = '"tools":[{"parameters":{"properties":{"usage":{"type":"string"}}}}]';

export const answers: ((counts: Counts, random: Random) => Answer)[] = [
  function chat(counts) {
    const parts = [`{${named(counts)},"choices":[${bait}],${tools},`, chatUsage(counts), "}"];
    return { path: "/v1/chat/completions", ...whole(parts, 2) };
  },
  function silentChat(counts) {
    const parts = [`{${named(counts)},"choices":[${bait}]`, "}"];
    return { path: "/v1/chat/completions", ...whole(parts, never) };
  },
  function response(counts) {
    const parts = [`{${named(counts)},"output":[${bait}],`, responseUsage(counts), ',"x":null}'];
    return { path: "/v1/responses", ...whole(parts, 2) };
  },
  function embeddings(counts) {
    counts.output = counts.cached = 0;
    const vector = `"data":[{"embedding":[${"0.25,".repeat(300)}1]}]`;
    const usage = `"usage":{"prompt_tokens":${counts.input},"total_tokens":${counts.input}}`;
    return { path: "/v1/embeddings", ...whole([`{${vector},${named(counts)},`, usage, "}"], 2) };
  },
  function chatStream(counts, random) {
    const chunk = event(`{${named(counts)},"choices":[{"delta":${bait}}],"usage":null}`);
    const chunks = Array.from({ length: 1 + random.below(6) }, () => chunk);
    const isAsked = random.below(4) > 0;
    const told = event(`{${named(counts)},"choices":[],${chatUsage(counts)}}`);
    const parts = [...chunks, ...(isAsked ? [told] : []), "data: [DONE]\n\n"];
    const figuresAt = isAsked ? chunks.length + 1 : never;
    const path = "/v1/chat/completions";
    return { path, headers: events, parts, figuresAt, closedAt: parts.length };
  },
  function responseStream(counts, random) {
    const name = "response.output_text.delta";
    const delta = event(`{"type":"${name}","delta":${bait}}`, name);
    const head = `{"type":"response.created","response":{${named(counts)},"usage":null}}`;
    const tail = `{"type":"response.completed","response":{${named(counts)},${responseUsage(counts)}}}`;
    const parts = [
      event(head, "response.created"),
      ...Array.from({ length: random.below(6) }, () => delta),
      event(tail, "response.completed").trimEnd(),
      "\n\n",
    ];
    const { length } = parts;
    const path = "/v1/responses";
    return { path, headers: events, parts, figuresAt: length - 1, closedAt: length };
  },
];

/** JSON has told all only when it ends well. */
function whole(parts: string[], figuresAt: number): Omit<Answer, "path"> {
  return { headers: json, parts, figuresAt, closedAt: never };
}

function named({ model, isFlex }: Counts): string {
  return `"model":"${model}-2026-01-31","service_tier":"${isFlex ? "flex" : "default"}"`;
}

function chatUsage({ input, cached, output }: Counts): string {
  const details = `"prompt_tokens_details":{"cached_tokens":${cached}}`;
  return `"usage":{"prompt_tokens":${input},${details},"completion_tokens":${output},"total_tokens":${input + output}}`;
}

function responseUsage({ input, cached, output }: Counts): string {
  const details = `"input_tokens_details":{"cached_tokens":${cached}}`;
  const thought = `"output_tokens_details":{"reasoning_tokens":${output >> 1}}`;
  return `"usage":{"input_tokens":${input},${details},"output_tokens":${output},${thought},"total_tokens":${input + output}}`;
}

function event(data: string, name?: string): string {
  return `${name ? `event: ${name}\n` : ""}data: ${data}\n\n`;
}
