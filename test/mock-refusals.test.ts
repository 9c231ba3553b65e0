import { expect, test } from "vitest";
import { operations } from "../src/conformance/operations.ts";
import { type Brought, requests, sent } from "./mock-requests.ts";
import { startMock } from "./mock-server.ts";

/** What requests have to say, as the SDK's types have it. */
const needed: Record<string, string> = {
  "/agents": "model",
  "/agents/automations": "name target timezone type",
  "/agents/environments": "environment",
  "/agents/sessions": "environment",
  "/assistants": "model",
  "/audio/speech": "input model voice",
  "/audio/transcriptions": "file model",
  "/audio/translations": "file model",
  "/audio/voice_consents": "language name recording",
  "/audio/voices": "audio_sample consent name",
  "/batches": "completion_window endpoint input_file_id",
  "/chat/completions": "messages model",
  "/chatkit/sessions": "user workflow",
  "/completions": "model",
  "/containers": "name",
  "/content_provenance_checks": "file",
  "/decisions": "input model questions",
  "/embeddings": "input model",
  "/evals": "data_source_config testing_criteria",
  "/files": "file purpose",
  "/fine_tuning/alpha/graders/run": "grader model_sample",
  "/fine_tuning/alpha/graders/validate": "grader",
  "/fine_tuning/jobs": "model training_file",
  "/images/edits": "image prompt",
  "/images/generations": "prompt",
  "/images/variations": "image",
  "/live/sessions": "session transport",
  "/moderations": "input",
  "/organization/admin_api_keys": "name",
  "/organization/certificates": "certificate",
  "/organization/certificates/activate": "certificate_ids",
  "/organization/data_retention": "retention_type",
  "/organization/external_storage": "project_id provider",
  "/organization/groups": "name",
  "/organization/invites": "email role",
  "/organization/projects": "name",
  "/organization/roles": "permissions role_name",
  "/organization/spend_alerts": "currency interval notification_channel threshold_amount",
  "/organization/spend_limit": "currency interval threshold_amount",
  "/organization/workload_identity_providers": "audience issuer name type",
  "/realtime/calls": "sdp",
  "/realtime/translations/client_secrets": "session",
  "/responses": "model",
  "/responses/compact": "model",
  "/skills": "files",
  "/threads/runs": "assistant_id",
  "/uploads": "bytes filename mime_type purpose",
  "/videos": "prompt",
  "/videos/characters": "name video",
  "/videos/edits": "prompt video",
  "/videos/extensions": "prompt seconds video",
  "/webhook_endpoints": "event_types name url",
};

test("a request that does not say what it has to is refused, and told what", async () => {
  await using mock = await startMock();
  const wrong: unknown[] = [];

  for (const [path, names] of Object.entries(needed)) {
    const [body = {}] = [requests[`POST ${path}`]!(() => "none")].flat();
    for (const name of names.split(" ")) {
      const rest = Object.entries(body).filter(([key]) => key.replace("[]", "") !== name);
      const answer = await fetch(`${mock.url}/v1${path}`, {
        method: "POST",
        ...sent(Object.fromEntries(rest), Object.values(body).some(isFile)),
      });
      const { error } = (await answer.json()) as { error?: { param: string } };
      if (answer.status !== 400 || error?.param !== name) wrong.push([path, name, error]);
    }
  }

  expect(wrong).toEqual([]);
});

function isFile(value: unknown): boolean {
  return value instanceof File;
}

test("what is reached by a WebSocket only says so", async () => {
  await using mock = await startMock();

  for (const { path, stream } of operations) {
    if (stream !== "websocket") continue;
    const answer = await fetch(`${mock.url}/v1${path.replace(/\{\w+\}/g, "none")}`);
    expect(answer.status, path).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "websocket_required" } });
  }
});

/** Checkpoints are known by any name: no operation makes them. */
const knownByAnyName = "/fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions";

test("what nobody made is not found, whatever is asked of it", async () => {
  await using mock = await startMock();
  const wrong: unknown[] = [];

  for (const { method, path, stream } of operations) {
    if (!path.includes("{") || stream === "websocket" || path === knownByAnyName) continue;
    const [body] = [requests[`${method} ${path}`]?.(() => "none")].flat() as (
      | Brought
      | undefined
    )[];
    const target = path.replace(/\{\w+\}/g, "none");
    const answer = await fetch(`${mock.url}/v1${target}`, { method, ...sent(body) });
    const { error } = (await answer.json()) as { error?: { type: string } };
    const isRight = answer.status === 404 && error?.type === "invalid_request_error";
    if (!isRight) wrong.push([method, path, answer.status, error]);
  }

  expect(wrong).toEqual([]);
});
