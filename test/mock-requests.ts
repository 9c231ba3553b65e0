/** What a request brings: JSON, or a form where a `File` is among the fields. */
export type Brought = Record<string, unknown>;

type Ids = (path: string) => string;

/** What is asked first, so that there is something new to ask these of. */
export const firstAsked: Record<string, string[]> = {
  "GET /organization/projects/{project_id}/certificates": [
    "POST /organization/projects/{project_id}/certificates/activate",
  ],
  "GET /evals/{eval_id}/runs/{run_id}/output_items": ["GET /evals/{eval_id}/runs/{run_id}"],
  "GET /threads/{thread_id}/runs/{run_id}/steps": ["GET /threads/{thread_id}/runs/{run_id}"],
  "GET /videos/{video_id}/content": ["GET /videos/{video_id}"],
  "DELETE /models/{model}": [
    "POST /fine_tuning/jobs",
    "GET /fine_tuning/jobs/{fine_tuning_job_id}",
    "GET /fine_tuning/jobs/{fine_tuning_job_id}",
    "GET /models",
  ],
  "POST /batches/{batch_id}/cancel": ["POST /batches"],
  "POST /evals/{eval_id}/runs/{run_id}/cancel": ["POST /evals/{eval_id}/runs"],
  "POST /fine_tuning/jobs/{fine_tuning_job_id}/cancel": ["POST /fine_tuning/jobs"],
  "POST /fine_tuning/jobs/{fine_tuning_job_id}/pause": ["POST /fine_tuning/jobs"],
  "POST /threads/{thread_id}/runs/{run_id}/cancel": ["POST /threads/{thread_id}/runs"],
  "POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs": ["POST /threads/{thread_id}/runs"],
  "POST /uploads/{upload_id}/cancel": ["POST /uploads"],
  "POST /uploads/{upload_id}/parts": ["POST /uploads"],
  "POST /uploads/{upload_id}/complete": ["POST /uploads/{upload_id}/parts"],
  "POST /responses/{response_id}/cancel": ["POST /responses"],
  "POST /responses/{response_id}/cancel?beta=true": ["POST /responses"],
  "DELETE /responses/{response_id}": ["POST /responses"],
  "DELETE /responses/{response_id}?beta=true": ["POST /responses"],
  "POST /vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel": [
    "POST /vector_stores/{vector_store_id}/file_batches",
  ],
};

/** Things that are not made here, but known. */
export const known = {
  "/safety/alerts": "alert_1",
  "/safety/cases": "case_1",
  "/realtime/calls": "rtc_1",
};

const aFile = () => new File(["Hello, mock."], "hello.txt");
const png = () => new File([new Uint8Array([137, 80, 78, 71])], "a.png", { type: "image/png" });

type Requests = Record<string, (id: Ids) => Brought | Brought[]>;

function forms(): Requests {
  const batchLine = {
    custom_id: "one",
    method: "POST",
    url: "/v1/embeddings",
    body: { model: "m", input: "Hello" },
  };
  const lines = new File([JSON.stringify(batchLine)], "lines.jsonl");
  const speech = { file: aFile(), model: "whisper-1" };
  return {
    "POST /files": () => [
      { file: aFile(), purpose: "user_data" },
      { file: lines, purpose: "batch" },
    ],
    "POST /audio/transcriptions": () => [
      speech,
      ...["verbose_json", "diarized_json"].map((response_format) => ({
        ...speech,
        response_format,
      })),
      { ...speech, model: "gpt-4o-transcribe", stream: "true" },
    ],
    "POST /audio/translations": () => speech,
    "POST /audio/voice_consents": () => ({ language: "en-US", name: "n", recording: aFile() }),
    "POST /audio/voice_consents/{consent_id}": () => ({ name: "other" }),
    "POST /audio/voices": (id) => ({
      audio_sample: aFile(),
      consent: id("/audio/voice_consents"),
      name: "n",
    }),
    "POST /containers/{container_id}/files": () => ({ file: aFile() }),
    "POST /content_provenance_checks": () => ({ file: png() }),
    "POST /images/edits": () => [
      { image: png(), prompt: "p", model: "gpt-image-1" },
      { "image[]": png(), prompt: "p", model: "gpt-image-1", stream: "true", partial_images: "2" },
    ],
    "POST /images/variations": () => ({ image: png(), n: "2" }),
    "POST /skills": () => ({ "files[]": aFile() }),
    "POST /skills/{skill_id}": () => ({ default_version: "1" }),
    "POST /skills/{skill_id}/versions": () => ({ "files[]": aFile() }),
    "POST /uploads": () => ({
      bytes: 12,
      filename: "a.txt",
      mime_type: "text/plain",
      purpose: "user_data",
    }),
    "POST /uploads/{upload_id}/parts": () => ({ data: aFile() }),
    "POST /uploads/{upload_id}/complete": (id) => ({
      part_ids: [id("/uploads/{upload_id}/parts")],
    }),
    "POST /videos": () => ({ prompt: "p" }),
    "POST /videos/characters": () => ({ name: "n", video: aFile() }),
    "POST /videos/edits": (id) => ({ prompt: "p", video: { id: id("/videos") } }),
    "POST /videos/extensions": (id) => ({
      prompt: "p",
      seconds: "4",
      video: { id: id("/videos") },
    }),
    "POST /videos/{video_id}/remix": () => ({ prompt: "p" }),
    "POST /realtime/calls": () => ({ sdp: "v=0" }),
  };
}

const alert = {
  currency: "USD",
  interval: "month",
  notification_channel: { type: "email", recipients: ["a@example.com"] },
  threshold_amount: 5,
};
const limit = { currency: "USD", interval: "month", threshold_amount: 5 };
const role = { role_name: "r", permissions: ["api.model.read"] };

function organization(): Requests {
  const certificates = (id: Ids) => ({ certificate_ids: [id("/organization/certificates")] });
  return {
    "POST /organization/admin_api_keys": () => ({ name: "n" }),
    "POST /organization/certificates": () => ({ certificate: "-----BEGIN", name: "n" }),
    "POST /organization/certificates/activate": certificates,
    "POST /organization/certificates/deactivate": certificates,
    "POST /organization/certificates/{certificate_id}": () => ({ name: "other" }),
    "POST /organization/data_retention": () => ({ retention_type: "zero_data_retention" }),
    "POST /organization/external_keys": () => ({
      type: "aws",
      name: "n",
      external_id: "e",
      kms_arn: "k",
      role_arn: "r",
    }),
    "POST /organization/external_storage": (id) => ({
      project_id: id("/organization/projects"),
      provider: { type: "aws", bucket: "b", role_arn: "r" },
    }),
    "POST /organization/groups": () => ({ name: "n" }),
    "POST /organization/groups/{group_id}": () => ({ name: "other" }),
    "POST /organization/groups/{group_id}/users": (id) => ({ user_id: id("/organization/users") }),
    "POST /organization/groups/{group_id}/roles": (id) => ({ role_id: id("/organization/roles") }),
    "POST /organization/invites": () => ({ email: "a@example.com", role: "reader" }),
    "POST /organization/projects": () => ({ name: "n" }),
    "POST /organization/projects/{project_id}": () => ({ name: "other" }),
    "POST /organization/roles": () => role,
    "POST /organization/spend_alerts": () => alert,
    "POST /organization/spend_alerts/{alert_id}": () => alert,
    "POST /organization/spend_limit": () => limit,
    "POST /organization/users/{user_id}": () => ({ role: "reader" }),
    "POST /organization/users/{user_id}/roles": (id) => ({ role_id: id("/organization/roles") }),
    "POST /organization/workload_identity_providers": () => ({
      audience: "a",
      issuer: "https://example.com",
      name: "n",
      type: "oidc",
    }),
    "POST /organization/workload_identity_providers/{workload_identity_provider_id}/federation_rules":
      () => ({ attribute_matchers: { sub: "x" }, project_id: "p", service_account_id: "s" }),
  };
}

function projects(): Requests {
  const project = "/organization/projects/{project_id}";
  const certificates = (id: Ids) => ({ certificate_ids: [id("/organization/certificates")] });
  return {
    [`POST ${project}/certificates/activate`]: certificates,
    [`POST ${project}/certificates/deactivate`]: certificates,
    [`POST ${project}/data_retention`]: () => ({ retention_type: "none" }),
    [`POST ${project}/groups`]: (id) => ({ group_id: id("/organization/groups"), role: "member" }),
    [`POST ${project}/hosted_tool_permissions`]: () => ({ mcp: { enabled: false } }),
    [`POST ${project}/model_permissions`]: () => ({ mode: "allow_list", model_ids: ["gpt-5"] }),
    [`POST ${project}/rate_limits/{rate_limit_id}`]: () => ({ max_requests_per_1_minute: 5 }),
    [`POST ${project}/service_accounts`]: () => ({ name: "n" }),
    [`POST ${project}/service_accounts/{service_account_id}`]: () => ({ name: "other" }),
    [`POST ${project}/service_accounts/{service_account_id}/api_keys`]: () => ({ name: "n" }),
    [`POST ${project}/service_tier_settings`]: () => ({ enabled_tiers: ["flex"] }),
    [`POST ${project}/spend_alerts`]: () => alert,
    [`POST ${project}/spend_alerts/{alert_id}`]: () => alert,
    [`POST ${project}/spend_limit`]: () => limit,
    [`POST ${project}/users`]: (id) => ({ user_id: id("/organization/users"), role: "member" }),
    [`POST ${project}/users/{user_id}`]: () => ({ role: "owner" }),
    "POST /projects/{project_id}/roles": () => role,
    "POST /projects/{project_id}/groups/{group_id}/roles": (id) => ({
      role_id: id("/projects/{project_id}/roles"),
    }),
    "POST /projects/{project_id}/users/{user_id}/roles": (id) => ({
      role_id: id("/projects/{project_id}/roles"),
    }),
  };
}

function agents(): Requests {
  const environment = { type: "none" };
  const input = [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }];
  return {
    "POST /agents": () => ({ model: "gpt-5", text: { verbosity: "low" } }),
    "POST /agents/automations": () => ({
      type: "periodic",
      name: "n",
      expression: "0 * * * *",
      timezone: "UTC",
      target: { type: "new_session", environment, input: [] },
    }),
    "POST /agents/environments": () => ({ environment: { type: "openai_hosted" } }),
    "POST /agents/environments/{environment_id}/files": () => ({
      type: "inline",
      path: "/a.txt",
      data: "SGk=",
    }),
    "POST /agents/sessions": () => [
      { environment, input: "Hello" },
      { environment, input: "Hello", stream: true },
    ],
    "POST /agents/sessions/{session_id}/events": () => ({
      events: [{ type: "agent.session.input.message", input }],
    }),
    "POST /vaults/{vault_id}/credentials": () => [
      { name: "n", auth: { type: "static_bearer", token: "t", mcp_server_url: "https://x.y" } },
      { name: "n", auth: { type: "mcp_oauth", access_token: "t", mcp_server_url: "https://x.y" } },
      {
        name: "n",
        auth: {
          type: "environment_variable",
          networking: { type: "unrestricted" },
          secret_name: "S",
          secret_value: "s",
        },
      },
    ],
  };
}

function assistants(): Requests {
  const run = (id: Ids) => ({ assistant_id: id("/assistants") });
  const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
  const runs = (id: Ids) =>
    [run(id), { ...run(id), tools, tool_choice: "required" }].flatMap((one) => [
      { ...one, stream: true },
      one,
    ]);
  return {
    "POST /assistants": () => ({ model: "gpt-5", name: "n" }),
    "POST /threads": () => ({ messages: [{ role: "user", content: "Hello" }] }),
    "POST /threads/runs": runs,
    "POST /threads/{thread_id}/messages": () => ({ role: "user", content: "Hello" }),
    "POST /threads/{thread_id}/runs": runs,
    "POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs": () => ({
      tool_outputs: [{ tool_call_id: "call_1", output: "1" }],
      stream: true,
    }),
  };
}

const messages = [{ role: "user", content: "Hello" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const schema = { name: "s", schema: parameters };

function models(): Requests {
  const chat = { model: "gpt-5", messages };
  const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
  const asked = { ...chat, tools, tool_choice: "required" };
  const response_format = { type: "json_schema", json_schema: schema };
  const stream = { stream: true, stream_options: { include_usage: true } };
  const ask = { model: "gpt-5", input: "Hello" };
  const functions = [{ type: "function", name: "get_weather", parameters, strict: true }];
  const text = { format: { type: "json_schema", ...schema } };
  const calls = { ...ask, tools: functions, tool_choice: "required" };
  const reasons = { ...ask, reasoning: { effort: "low", summary: "auto" } };
  const responses = () =>
    [ask, calls, reasons, { ...ask, text }, { ...ask, background: true }].flatMap((one) => [
      one,
      { ...one, stream: true },
    ]);
  return {
    "POST /chat/completions": () => [
      ...[asked, { ...chat, response_format, logprobs: true, top_logprobs: 2 }, chat].flatMap(
        (one) => [
          { ...one, store: true },
          { ...one, ...stream },
        ],
      ),
      { ...chat, modalities: ["text", "audio"], audio: { voice: "alloy", format: "wav" } },
      // Of stored messages the SDK knows only what assistants say.
      { model: "gpt-5", messages: [{ role: "assistant", content: "Hi" }], store: true },
    ],
    "POST /chat/completions/{completion_id}": () => ({ metadata: { a: "b" } }),
    "POST /completions": () => [
      { model: "m", prompt: "Hello", logprobs: 1 },
      { model: "m", prompt: "Hello", stream: true, stream_options: { include_usage: true } },
    ],
    "POST /decisions": () => ({
      model: "gpt-5",
      input: "Hello",
      questions: [
        { type: "predicate", instructions: "Is it?", name: "a" },
        { type: "choice", instructions: "Which?", choices: [{ value: "x" }, { value: "y" }] },
        {
          type: "score",
          instructions: "How much?",
          levels: [
            { label: "low", value: 0 },
            { label: "high", value: 1 },
          ],
        },
      ],
    }),
    "POST /embeddings": () => ({
      model: "m",
      input: "Hello",
      dimensions: 2,
      encoding_format: "float",
    }),
    "POST /images/generations": () => [
      { prompt: "p" },
      { prompt: "p", model: "gpt-image-1", n: 2 },
      { prompt: "p", model: "gpt-image-1", stream: true, partial_images: 2 },
    ],
    "POST /audio/speech": () => [
      { model: "tts-1", voice: "alloy", input: "Hello" },
      { model: "gpt-4o-mini-tts", voice: "alloy", input: "Hello", stream_format: "sse" },
    ],
    "POST /moderations": () => [{ input: "Hello" }, { input: ["a", "b"] }],
    "POST /responses": responses,
    "POST /responses?beta=true": responses,
    "POST /responses/compact": () => ask,
    "POST /responses/compact?beta=true": () => ask,
    "POST /responses/input_tokens": () => ask,
    "POST /responses/input_tokens?beta=true": () => ask,
    "POST /alpha/search": () => ({ query: "q" }),
    "POST /memories/trace_summarize": () => ({ traces: [] }),
    "POST /traces/ingest": () => ({ data: [] }),
  };
}

function stored(): Requests {
  const file_id = (id: Ids) => id("/files");
  const grader = {
    type: "string_check",
    name: "g",
    input: "{{sample.output_text}}",
    operation: "eq",
    reference: "x",
  };
  return {
    "POST /batches": (id) => ({
      completion_window: "24h",
      endpoint: "/v1/embeddings",
      input_file_id: file_id(id),
    }),
    "POST /chatkit/sessions": () => ({ user: "u", workflow: { id: "wf_1" } }),
    "POST /containers": () => ({ name: "n" }),
    "POST /conversations": () => ({
      items: [{ type: "message", role: "user", content: "Hello" }],
      metadata: { a: "b" },
    }),
    "POST /conversations/{conversation_id}": () => ({ metadata: { a: "c" } }),
    "POST /conversations/{conversation_id}/items": () => ({
      items: [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }],
    }),
    "POST /evals": () => ({
      data_source_config: { type: "custom", item_schema: parameters },
      testing_criteria: [grader],
    }),
    "POST /evals/{eval_id}/runs": () => ({
      data_source: {
        type: "jsonl",
        source: { type: "file_content", content: [{ item: { city: "Rome" } }] },
      },
    }),
    "POST /fine_tuning/alpha/graders/run": () => ({ grader, model_sample: "x" }),
    "POST /fine_tuning/alpha/graders/validate": () => ({ grader }),
    "POST /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions": () => ({
      project_ids: ["proj_1", "proj_2"],
    }),
    "POST /fine_tuning/jobs": (id) => ({ model: "gpt-4o-mini", training_file: file_id(id) }),
    "POST /vector_stores": (id) => ({ name: "n", file_ids: [file_id(id)] }),
    "POST /vector_stores/{vector_store_id}/file_batches": (id) => ({ file_ids: [file_id(id)] }),
    "POST /vector_stores/{vector_store_id}/files": (id) => ({ file_id: file_id(id) }),
    "POST /vector_stores/{vector_store_id}/files/{file_id}": () => ({ attributes: { a: 1 } }),
    "POST /vector_stores/{vector_store_id}/search": () => ({ query: "Hello" }),
    "POST /webhook_endpoints": () => ({
      event_types: ["batch.completed"],
      name: "n",
      url: "https://example.com",
    }),
    "POST /webhook_endpoints/{webhook_endpoint_id}/test": () => ({ event_type: "batch.completed" }),
  };
}

function live(): Requests {
  const session = { type: "realtime", model: "gpt-realtime" };
  const transport = { type: "webrtc", sdp: "v=0" };
  return {
    "POST /live/sessions": () => ({ session, transport }),
    "POST /live/sessions/{session_id}/accept": () => ({ session }),
    "POST /live/sessions/{session_id}/fork": () => ({ transport }),
    "POST /live/sessions/{session_id}/refer": () => ({ target_uri: "tel:+1" }),
    "POST /live/sessions/{session_id}/reject": () => ({ status_code: 603 }),
    "POST /realtime/calls/{call_id}/accept": () => session,
    "POST /realtime/calls/{call_id}/refer": () => ({ target_uri: "tel:+1" }),
    "POST /realtime/client_secrets": () => [{ session }, { session: { type: "transcription" } }],
    "POST /realtime/translations/client_secrets": () => ({
      session: { model: "gpt-realtime-translate" },
    }),
  };
}

/** What operations want to be asked with, once or in several ways; the others are asked with nothing. */
export const requests: Record<string, (id: Ids) => Brought | Brought[]> = {
  ...forms(),
  ...organization(),
  ...projects(),
  ...agents(),
  ...assistants(),
  ...models(),
  ...stored(),
  ...live(),
};

/** A request with this body: a form where a file is in it. */
export function sent(
  body: Brought | undefined,
  isForm = Object.values(body ?? {}).some((value) => value instanceof File),
): { body?: FormData | string; headers?: Record<string, string> } {
  if (!body) return {};
  if (!isForm) {
    return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    if (value instanceof File) form.append(name, value);
    else form.append(name, String(value));
  }
  return { body: form };
}
