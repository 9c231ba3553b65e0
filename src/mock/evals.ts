import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { become } from "./become.ts";
import { type Fields, fieldsWith, isObject, objectIn, objectsIn, textIn } from "./fields.ts";
import { evalRun, evaluation } from "./resources/work.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import { speak, textOf, tokensIn } from "./speech.ts";

type Run = Fields & { id: string; status: string; model: string };
type Evaluation = { id: string; testing_criteria: Fields[] };

const outputItem = `${evalRun}/output_items/{output_item_id}`;

/** Runs of evaluations: whoever asks for one finds it completed, with every sample passed. */
export function evalOperations(shelves: Shelves): Operations {
  async function create(asked: Asked) {
    const said = await fieldsWith(asked, "data_source_config", "testing_criteria");
    objectsIn(said, "testing_criteria");
    const { type, item_schema, metadata } = objectIn(said, "data_source_config");
    const schema = { type: "object", properties: { item: item_schema ?? {} } };
    const data_source_config = { type, schema, ...(isObject(metadata) && { metadata }) };
    return json(shelves.add(evaluation, {}, asked.digest, said, { data_source_config }));
  }

  async function start(asked: Asked) {
    const said = await fieldsWith(asked, "data_source");
    shelves.find(evaluation, asked.params);
    rowsOf(said);
    const source = objectIn(said, "data_source");
    const model = typeof source.model === "string" ? source.model : "gpt-5";
    return json(shelves.add(evalRun, asked.params, asked.digest, said, { model }));
  }

  function retrieve({ params }: Asked) {
    const run = shelves.find<Run>(evalRun, params);
    return json(run.status === "queued" ? complete(run, params) : run);
  }

  function complete(run: Run, params: Record<string, string>): Run {
    const { testing_criteria } = shelves.find<Evaluation>(evaluation, params);
    const content = rowsOf(run);
    const names = testing_criteria.map((one) => textIn(one, "name"));
    for (const [index, row] of content.entries()) {
      const results = names.map((name) => ({ name, passed: true, score: 1 }));
      shelves.add(
        outputItem,
        params,
        `${run.id} ${index}`,
        {},
        {
          status: "pass",
          datasource_item_id: index,
          datasource_item: objectIn(row, "item"),
          results,
          sample: sampleOf(run.model, textOf(JSON.stringify(objectIn(row, "item")))),
        },
      );
    }
    const total = content.length;
    const done = {
      ...run,
      status: "completed",
      result_counts: { errored: 0, failed: 0, passed: total, total },
      per_testing_criteria_results: names.map((testing_criteria) => ({
        ...{ testing_criteria, passed: total, failed: 0 },
      })),
    };
    shelves.put(evalRun, params, done);
    return done;
  }

  return {
    "POST /evals": create,
    [`POST ${evaluation}/runs`]: start,
    [`GET ${evalRun}`]: retrieve,
    [`POST ${evalRun}/cancel`]: become(shelves, evalRun, {
      noun: "run",
      act: "cancel",
      from: /^queued$/,
      to: { status: "canceled" },
    }),
  };
}

/** What a run is to try, where its request brings it. */
function rowsOf(said: Fields): Fields[] {
  return objectsIn(objectIn(objectIn(said, "data_source"), "source"), "content");
}

function sampleOf(model: string, asked: string) {
  const answer = speak(asked);
  const [prompt_tokens, completion_tokens] = [tokensIn(asked), tokensIn(answer)];
  return {
    model,
    input: [{ role: "user", content: asked }],
    output: [{ role: "assistant", content: answer }],
    finish_reason: "stop",
    error: { code: "", message: "" },
    max_completion_tokens: 2048,
    seed: 42,
    temperature: 1,
    top_p: 1,
    usage: {
      cached_tokens: 0,
      completion_tokens,
      prompt_tokens,
      total_tokens: prompt_tokens + completion_tokens,
    },
  };
}
