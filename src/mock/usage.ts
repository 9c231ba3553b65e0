import { json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import type { Fields } from "./fields.ts";
import { limitOf } from "./page.ts";
import { invalidParameter, missingParameter } from "./refusal.ts";
import type { Operations } from "./router.ts";

/** What a bucket says of each kind of usage. */
const usages: Record<string, Fields> = {
  audio_speeches: { characters: 1200, num_model_requests: 12 },
  audio_transcriptions: { seconds: 60, num_model_requests: 2 },
  code_interpreter_sessions: { num_sessions: 1 },
  completions: { input_tokens: 1000, output_tokens: 500, num_model_requests: 5 },
  decisions: { input_tokens: 100, output_tokens: 20, num_model_requests: 1 },
  embeddings: { input_tokens: 2000, num_model_requests: 4 },
  file_search_calls: { num_requests: 3 },
  images: { images: 2, num_model_requests: 2 },
  moderations: { input_tokens: 50, num_model_requests: 5 },
  vector_stores: { usage_bytes: 4096 },
  web_search_calls: { num_requests: 2, num_model_requests: 2 },
};

/** Kinds whose results are named otherwise. */
const resultNames: Record<string, string> = {
  file_search_calls: "file_searches",
  web_search_calls: "web_searches",
};

const cost = {
  object: "organization.costs.result",
  amount: { value: 0.06, currency: "usd" },
  line_item: null,
  project_id: null,
};

const widths = new Map(Object.entries({ "1m": 60, "1h": 3600, "1d": 86_400 }));

/** Costs and usage: the same in every bucket, from `start_time` on. */
export function usageOperations(): Operations {
  const operations: Operations = {
    "GET /organization/costs": (asked) => buckets(asked, cost),
  };
  for (const [kind, numbers] of Object.entries(usages)) {
    const object = `organization.usage.${resultNames[kind] ?? kind}.result`;
    operations[`GET /organization/usage/${kind}`] = (asked) =>
      buckets(asked, { object, ...numbers });
  }
  return operations;
}

function buckets({ query }: Asked, result: Fields) {
  if (!query.get("start_time")) throw missingParameter("start_time");
  const width = widths.get(query.get("bucket_width") ?? "1d");
  if (!width) throw invalidParameter("bucket_width", 'expected "1m", "1h" or "1d"');
  const first = momentIn(query, "page") ?? momentIn(query, "start_time") ?? 0;
  const end = momentIn(query, "end_time") ?? Math.max(madeAt, first + width);
  const limit = limitOf(query, 7, 1440);
  const count = Math.max(0, Math.ceil((end - first) / width));
  const data = Array.from({ length: Math.min(limit, count) }, (_, index) => {
    const start_time = first + index * width;
    return { object: "bucket", start_time, end_time: start_time + width, results: [result] };
  });
  const has_more = count > limit;
  const next_page = has_more ? String(first + limit * width) : null;
  return json({ object: "page", data, has_more, next_page });
}

function momentIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || /^\d{1,12}$/.test(text)) return text === null ? undefined : Number(text);
  throw invalidParameter(name, `expected seconds since 1970, but got "${text}"`);
}
