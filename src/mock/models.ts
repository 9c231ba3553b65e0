import type { Model } from "openai/resources/models";
import { type Answer, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { noSuchModel } from "./refusal.ts";

const names = [
  "gpt-4.1",
  "gpt-4.1-mini",
  "gpt-4o",
  "gpt-4o-mini",
  "gpt-5",
  "gpt-5-mini",
  "gpt-5-nano",
  "o4-mini",
  "text-embedding-3-large",
  "text-embedding-3-small",
  "text-embedding-ada-002",
];

const models = names.map(
  (id): Model => ({ id, object: "model", created: madeAt, owned_by: "system" }),
);

export function listModels(): Answer {
  return json({ object: "list", data: models });
}

export function retrieveModel({ params: { model = "" } }: Asked): Answer {
  const found = models.find(({ id }) => id === model);
  if (!found) throw noSuchModel(model);
  return json(found);
}
