import { idOf, json } from "./answer.ts";
import { type Fields, fieldsWith } from "./fields.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

const endpoint = "/webhook_endpoints/{webhook_endpoint_id}";

const eventTypes = [
  "batch.cancelled",
  "batch.completed",
  "batch.expired",
  "batch.failed",
  "eval.run.canceled",
  "eval.run.failed",
  "eval.run.succeeded",
  "fine_tuning.job.cancelled",
  "fine_tuning.job.failed",
  "fine_tuning.job.succeeded",
  "realtime.call.incoming",
  "response.cancelled",
  "response.completed",
  "response.failed",
  "response.incomplete",
];

/** Where OpenAI would send events to: the mock sends none, and says of a test that it went well. */
export function webhookOperations(shelves: Shelves): Operations {
  return {
    "GET /webhook_event_types": () => json({ object: "list", data: eventTypes }),
    [`POST ${endpoint}/rotate_secret`]: ({ params, digest }) => {
      const found = shelves.find<Fields & { id: string }>(endpoint, params);
      const signing_secret = idOf("whsec_", `${found.id}${digest}`);
      const changed = { ...found, signing_secret_hint: `whsec_...${signing_secret.slice(-4)}` };
      shelves.put(endpoint, params, changed);
      return json({ ...changed, signing_secret });
    },
    [`POST ${endpoint}/test`]: async (asked) => {
      const { event_type } = await fieldsWith(asked, "event_type");
      const { id } = shelves.find<{ id: string }>(endpoint, asked.params);
      const object = "webhook_endpoint.test";
      const went = { success: true, status_code: 200 };
      return json({ object, webhook_endpoint_id: id, event_type, ...went });
    },
  };
}
