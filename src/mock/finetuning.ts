import { idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { become } from "./become.ts";
import { type Fields, fieldsWith, objectIn, textIn, textsIn } from "./fields.ts";
import type { Files } from "./files.ts";
import { keepModel } from "./models.ts";
import { page } from "./page.ts";
import { listOf } from "./resource.ts";
import { job, permission } from "./resources/work.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

type Job = Fields & { id: string; status: string; model: string };

const step = { full_valid_loss: 0.5, full_valid_mean_token_accuracy: 0.9, train_loss: 0.4 };

/** What is over stays as it is. */
const from = /^(?!succeeded|failed|cancelled)/;

/** Jobs go one step further each time they are asked for: to `running`, then to a model of their own. */
export function fineTuningOperations(shelves: Shelves, files: Files, store: Store): Operations {
  async function create(asked: Asked) {
    const said = await fieldsWith(asked, "model", "training_file");
    files.find(textIn(said, "training_file"));
    const method = { type: "supervised", supervised: { hyperparameters: { n_epochs: "auto" } } };
    const made = shelves.add<Job>(job, {}, asked.digest, said, { method });
    tell(made.id, `Created fine-tuning job: ${made.id}`);
    return json(made);
  }

  function tell(id: string, message: string): void {
    const params = { fine_tuning_job_id: id };
    shelves.add(`${job}/events/{event_id}`, params, id + message, {}, { message });
  }

  function retrieve({ params }: Asked) {
    const next = advanced(shelves.find<Job>(job, params));
    shelves.put(job, params, next);
    return json(next);
  }

  function advanced(now: Job): Job {
    if (now.status === "validating_files") {
      tell(now.id, "Fine-tuning job started");
      return { ...now, status: "running", estimated_finish: madeAt + 600 };
    }
    return now.status === "running" ? succeed(now) : now;
  }

  function succeed(now: Job): Job {
    const fine_tuned_model = `ft:${now.model}:mock::${now.id.slice(-8)}`;
    const params = { fine_tuning_job_id: now.id };
    shelves.add(
      `${job}/checkpoints/{checkpoint_id}`,
      params,
      now.id,
      {},
      {
        fine_tuned_model_checkpoint: `${fine_tuned_model}:ckpt-step-10`,
        step_number: 10,
        metrics: { step: 10, ...step },
      },
    );
    keepModel(store, fine_tuned_model);
    const results = Buffer.from("step,train_loss\n10,0.4\n");
    const { id } = files.add("step_metrics.csv", "fine-tune-results", results);
    tell(now.id, `New fine-tuned model created: ${fine_tuned_model}`);
    const done = { status: "succeeded", finished_at: madeAt + 600, trained_tokens: 1000 };
    return { ...now, ...done, fine_tuned_model, result_files: [id], estimated_finish: null };
  }

  const make = (act: string, to: Fields) =>
    become(shelves, job, { noun: "fine-tuning job", act, from, to });

  async function permit(asked: Asked) {
    const said = await fieldsWith(asked, "project_ids");
    const made = textsIn(said, "project_ids").map((project_id) =>
      shelves.add(permission, asked.params, `${asked.digest}${project_id}`, {}, { project_id }),
    );
    return page(made, asked.query, { order: "asc" });
  }

  /** The one list that spells its order out: `ascending`, `descending`. */
  function listPermissions({ params, query }: Asked) {
    const project = query.get("project_id");
    const all = shelves.list(permission, params);
    const found = project ? all.filter(({ project_id }) => project_id === project) : all;
    const short = new URLSearchParams(query);
    const order = query.get("order");
    if (order) short.set("order", order.replace(/^(asc|desc)ending$/, "$1"));
    return page(found, short);
  }

  return {
    "POST /fine_tuning/jobs": create,
    [`GET ${job}`]: retrieve,
    // The type knows `paused` jobs only as those that do not run.
    [`POST ${job}/pause`]: make("pause", { status: "queued" }),
    [`POST ${job}/resume`]: make("resume", { status: "running" }),
    [`POST ${job}/cancel`]: make("cancel", { status: "cancelled", finished_at: madeAt }),
    [`GET ${listOf(permission)}`]: listPermissions,
    [`POST ${listOf(permission)}`]: permit,
    "POST /fine_tuning/alpha/graders/run": runGrader,
    "POST /fine_tuning/alpha/graders/validate": async (asked) => {
      const { grader } = await fieldsWith(asked, "grader");
      return json({ grader });
    },
  };
}

const graderErrors = {
  formula_parse_error: false,
  invalid_variable_error: false,
  model_grader_parse_error: false,
  model_grader_refusal_error: false,
  model_grader_server_error: false,
  model_grader_server_error_details: null,
  other_error: false,
  python_grader_runtime_error: false,
  python_grader_runtime_error_details: null,
  python_grader_server_error: false,
  python_grader_server_error_type: null,
  sample_parse_error: false,
  truncated_observation_error: false,
  unresponsive_reward_error: false,
};

/** Every grader gives 1 to what is its reference, and 0 to the rest. */
async function runGrader(asked: Asked) {
  const said = await fieldsWith(asked, "grader", "model_sample");
  const grader = objectIn(said, "grader");
  const [name, type] = [textIn(grader, "name"), textIn(grader, "type")];
  const { reference } = grader;
  const reward = reference === undefined || reference === said.model_sample ? 1 : 0;
  return json({
    reward,
    sub_rewards: {},
    model_grader_token_usage_per_model: {},
    metadata: {
      name,
      type,
      errors: graderErrors,
      execution_time: 0.01,
      scores: { [name || idOf("grader_", asked.digest)]: reward },
      sampled_model_name: null,
      token_usage: null,
    },
  });
}
