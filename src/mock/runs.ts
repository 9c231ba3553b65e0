import { type Answer, events, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { become } from "./become.ts";
import { type Fields, fieldsWith, objectIn, textIn } from "./fields.ts";
import { notNow } from "./refusal.ts";
import { assistant, runStep, thread, threadMessage, threadRun } from "./resources/assistants.ts";
import type { Operations } from "./router.ts";
import { runEvents } from "./runevents.ts";
import { actionOf, callsOf, detailsOf, toWords, usageOf } from "./runturn.ts";
import type { Shelves } from "./shelves.ts";
import { lastWords } from "./speech.ts";
import { addMessages } from "./threads.ts";
import { type Turn, takeTurn, toolsOf } from "./turn.ts";

type Params = Record<string, string>;
export type Run = Fields & { id: string; thread_id: string; status: string };
type Message = Fields & { id: string };

/** The runs of assistants: one waits until it is asked for, or runs as it is streamed. */
export function runOperations(shelves: Shelves): Operations {
  async function start(asked: Asked, params: Params): Promise<Answer> {
    const said = await fieldsWith(asked, "assistant_id");
    const { id, created_at, object, name, description, ...usual } = shelves.find(assistant, {
      assistant_id: textIn(said, "assistant_id"),
    });
    shelves.find(thread, params);
    addMessages(shelves, params, said.additional_messages, asked.digest);
    const given = Object.entries(said).filter(([, value]) => value !== null);
    const settings: Fields = { instructions: "", ...usual, ...Object.fromEntries(given) };
    const more = {
      instructions: textIn(settings, "instructions"),
      tool_choice: said.tool_choice ?? "auto",
      response_format: settings.response_format ?? "auto",
    };
    const run = shelves.add<Run>(threadRun, params, asked.digest, settings, more);
    return answer(run, said, asked);
  }

  /** What a run says next, at once when it is streamed. */
  function answer(run: Run, said: Fields, asked: Asked): Answer {
    if (!said.stream) return json(run);
    const { done, message, steps } = advance(run, asked);
    return events(runEvents(run, done, message, steps));
  }

  /** Takes the run's next turn: it ends with a message, or waits for what tools say. */
  function advance(run: Run, asked: Asked) {
    const params = { ...asked.params, thread_id: run.thread_id, run_id: run.id };
    const hasResults = run.required_action !== null;
    const messages = shelves.list<Message>(threadMessage, params);
    const turn = takeTurn({
      words: lastWords(messages.map(toWords)),
      tools: toolsOf(run.tools),
      choice: run.tool_choice,
      hasResults,
      format: run.response_format,
      said: asked.said,
      digest: run.id,
    });
    const calls = callsOf(turn);
    const message = calls.length > 0 ? undefined : speak(turn, run, params);
    const details = detailsOf(message, calls);
    const usage = usageOf(messages, turn);
    const step = shelves.add(
      runStep,
      params,
      `${run.id} ${details.type}`,
      {},
      {
        ...{ type: details.type, step_details: details, assistant_id: run.assistant_id },
        ...(message
          ? { status: "completed", completed_at: madeAt + 1, usage }
          : { status: "in_progress", completed_at: null, usage: null }),
      },
    );
    const end = message
      ? { status: "completed", completed_at: madeAt + 1, required_action: null, usage }
      : { status: "requires_action", required_action: actionOf(calls) };
    const done: Run = { ...run, started_at: madeAt, ...end };
    shelves.put(threadRun, params, done);
    return { done, message, steps: [step] };
  }

  function speak({ text }: Turn, run: Run, params: Params): Message {
    const content = [{ type: "text", text: { value: text, annotations: [] } }];
    const more = { role: "assistant", content, assistant_id: run.assistant_id, run_id: run.id };
    return shelves.add(threadMessage, params, run.id, {}, more);
  }

  function retrieve(asked: Asked): Answer {
    const run = shelves.find<Run>(threadRun, asked.params);
    return json(run.status === "queued" ? advance(run, asked).done : run);
  }

  async function submit(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked, "tool_outputs");
    const found = shelves.find<Run>(threadRun, asked.params);
    const run = found.status === "queued" ? advance(found, asked).done : found;
    if (run.status !== "requires_action") throw notNow("run", "submit tool outputs to", run.status);
    for (const step of shelves.list<Fields & { id: string }>(runStep, asked.params)) {
      const done = { ...step, status: "completed", completed_at: madeAt + 1 };
      shelves.put(runStep, { ...asked.params, step_id: step.id }, done);
    }
    const queued: Run = { ...run, status: "queued" };
    shelves.put(threadRun, asked.params, queued);
    return answer(queued, said, asked);
  }

  async function startWithThread(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked, "assistant_id");
    shelves.find(assistant, { assistant_id: textIn(said, "assistant_id") });
    const about = objectIn(said, "thread");
    const { id } = shelves.add<{ id: string }>(thread, {}, asked.digest, about);
    addMessages(shelves, { thread_id: id }, about.messages, asked.digest);
    return start(asked, { thread_id: id });
  }

  return {
    "POST /threads/runs": startWithThread,
    [`POST ${thread}/runs`]: (asked) => start(asked, asked.params),
    [`GET ${threadRun}`]: retrieve,
    [`POST ${threadRun}/cancel`]: become(shelves, threadRun, {
      noun: "run",
      act: "cancel",
      from: /^(queued|in_progress|requires_action)$/,
      to: { status: "cancelled", cancelled_at: madeAt, required_action: null },
    }),
    [`POST ${threadRun}/submit_tool_outputs`]: submit,
  };
}
