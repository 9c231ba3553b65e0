import { type Answer, idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { become } from "./become.ts";
import { type Fields, fieldsWith, isObject, textIn } from "./fields.ts";
import type { Files } from "./files.ts";
import { invalidParameter } from "./refusal.ts";
import { batch } from "./resources/work.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

type Batch = Fields & { id: string; status: string; input_file_id: string; endpoint: string };
type Line = { custom_id: string; body: Fields };

/** Answers what is posted to a path. */
export type AskMock = (path: string, body: Buffer, digest: string) => Promise<Answer>;

/** Batches go one step further each time they are asked for: to `in_progress`, then to `completed`. */
export function batchOperations(shelves: Shelves, files: Files, ask: AskMock): Operations {
  async function create(asked: Asked) {
    const said = await fieldsWith(asked, "completion_window", "endpoint", "input_file_id");
    const lines = linesOf(files.find(textIn(said, "input_file_id")).content);
    const request_counts = { total: lines.length, completed: 0, failed: 0 };
    return json(shelves.add(batch, {}, asked.digest, said, { request_counts }));
  }

  async function retrieve({ params }: Asked) {
    const now = shelves.find<Batch>(batch, params);
    const next = await advanced(now);
    shelves.put(batch, params, next);
    return json(next, 200, ["openai-poll-after-ms", "10"]);
  }

  async function advanced(now: Batch): Promise<Batch> {
    if (now.status === "validating") {
      return { ...now, status: "in_progress", in_progress_at: madeAt + 1 };
    }
    if (now.status === "cancelling") {
      return { ...now, status: "cancelled", cancelled_at: madeAt + 2 };
    }
    return now.status === "in_progress" ? complete(now) : now;
  }

  async function complete(now: Batch): Promise<Batch> {
    const lines = linesOf(files.find(now.input_file_id).content);
    const answers = await Promise.all(
      lines.map((line, at) => answerOf(now, line, `${now.id} ${at}`)),
    );
    const [good, bad] = [true, false].map((isGood) =>
      answers.filter(({ response }) => response.status_code < 400 === isGood),
    );
    const keep = (kind: string, some: object[] = []) => {
      const content = Buffer.from(some.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
      if (some.length === 0) return {};
      const { id } = files.add(`${now.id}_${kind}.jsonl`, "batch_output", content);
      return { [`${kind}_file_id`]: id };
    };
    return {
      ...now,
      status: "completed",
      finalizing_at: madeAt + 2,
      completed_at: madeAt + 3,
      ...keep("output", good),
      ...keep("error", bad),
      request_counts: {
        total: lines.length,
        completed: good?.length ?? 0,
        failed: bad?.length ?? 0,
      },
    };
  }

  async function answerOf({ endpoint }: Batch, { custom_id, body }: Line, seed: string) {
    const answer = await ask(endpoint, Buffer.from(JSON.stringify(body)), seed);
    const text = Buffer.isBuffer(answer.body) ? `${answer.body}` : "null";
    const request_id = idOf("req_", seed);
    const response = { status_code: answer.status, request_id, body: JSON.parse(text) };
    return { id: idOf("batch_req_", seed), custom_id, response, error: null };
  }

  return {
    "POST /batches": create,
    [`GET ${batch}`]: retrieve,
    [`POST ${batch}/cancel`]: become(shelves, batch, {
      noun: "batch",
      act: "cancel",
      from: /^(validating|in_progress)$/,
      to: { status: "cancelling", cancelling_at: madeAt + 1 },
    }),
  };
}

function linesOf(content: Buffer): Line[] {
  const texts = content
    .toString()
    .split("\n")
    .filter((text) => text.trim() !== "");
  return texts.map((text, at) => {
    const line = parse(text);
    if (!isObject(line) || typeof line.custom_id !== "string" || !isObject(line.body)) {
      throw invalidParameter("input_file_id", `line ${at + 1} of the file is no request`);
    }
    return line as Line;
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
