import { madeAt } from "../answer.ts";
import { maybe, type Resource } from "../resource.ts";

export const thread = "/threads/{thread_id}";
export const threadMessage = `${thread}/messages/{message_id}`;
export const threadRun = `${thread}/runs/{run_id}`;
export const runStep = `${threadRun}/steps/{step_id}`;
export const assistant = "/assistants/{assistant_id}";

export const assistantResources: Resource[] = [
  {
    path: assistant,
    does: "list create retrieve update delete",
    id: "asst_",
    needs: "model",
    gives: {
      model: "",
      name: null,
      description: null,
      instructions: null,
      metadata: {},
      tools: [],
      tool_resources: {},
      temperature: 1,
      top_p: 1,
      response_format: "auto",
    },
    own: { object: "assistant", created_at: madeAt },
  },
  {
    path: thread,
    does: "retrieve update delete",
    id: "thread_",
    gives: { metadata: {}, tool_resources: {} },
    own: { object: "thread", created_at: madeAt },
  },
  {
    path: threadMessage,
    does: "list retrieve update delete",
    id: "msg_",
    gives: { role: "user", metadata: {}, attachments: [] },
    own: {
      object: "thread.message",
      thread_id: "{thread_id}",
      assistant_id: null,
      run_id: null,
      content: [],
      status: "completed",
      incomplete_details: null,
      incomplete_at: null,
      created_at: madeAt,
      completed_at: madeAt,
    },
  },
  {
    path: threadRun,
    does: "list retrieve update",
    id: "run_",
    gives: {
      model: "",
      instructions: "",
      metadata: {},
      tools: [],
      tool_choice: maybe,
      response_format: maybe,
      max_completion_tokens: null,
      max_prompt_tokens: null,
      parallel_tool_calls: true,
      temperature: 1,
      top_p: 1,
      truncation_strategy: { type: "auto", last_messages: null },
    },
    own: {
      object: "thread.run",
      thread_id: "{thread_id}",
      assistant_id: "{assistant_id}",
      status: "queued",
      created_at: madeAt,
      started_at: null,
      expires_at: madeAt + 600,
      cancelled_at: null,
      completed_at: null,
      failed_at: null,
      incomplete_details: null,
      last_error: null,
      required_action: null,
      usage: null,
    },
  },
  {
    path: runStep,
    does: "list retrieve",
    id: "step_",
    gives: {},
    own: {
      object: "thread.run.step",
      thread_id: "{thread_id}",
      run_id: "{run_id}",
      created_at: madeAt,
      cancelled_at: null,
      expired_at: null,
      failed_at: null,
      last_error: null,
      metadata: {},
    },
  },
];
