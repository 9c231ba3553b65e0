import { json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith } from "./fields.ts";
import { noSuch } from "./refusal.ts";
import type { Operations } from "./router.ts";

/** What webhooks name, nobody lists and nobody makes here: any that has a right name is known. */
export function safetyOperations(): Operations {
  const told = (prefix: string, about: Fields) =>
    function tell({ params: { id = "" } }: Asked) {
      if (!id.startsWith(prefix)) throw noSuch("safety notice", id);
      return json({ id, ...about, created_at: madeAt, reason: null });
    };

  return {
    "GET /safety/alerts/{id}": told("alert_", {
      object: "safety.alert",
      error_type: "other",
      model: "gpt-5",
      request_id: "req_mock",
      request_paused: false,
      response_id: "resp_mock",
    }),
    "GET /safety/cases/{id}": told("case_", {
      object: "safety.case",
      entity_identifier: "user-mock",
      notice: { type: "warning" },
    }),
    "POST /content_provenance_checks": async (asked) => {
      await fieldsWith(asked, "file");
      const nothing = { outcome: "not_detected", generated_at: null, model: null };
      const results = [
        { type: "c2pa", ...nothing, issuer: null, validation_state: "not_present" },
        { type: "synthid", ...nothing },
      ];
      return json({ object: "content_provenance_check", created_at: madeAt, results });
    },
  };
}
