import { type Answer, events, idOf, json } from "../answer.ts";
import type { Heard } from "../heard.ts";
import type { Pace } from "../pace.ts";
import type { Said } from "../said.ts";
import { embeddingsOf } from "./embeddings.ts";
import type { Rule } from "./schema.ts";

/** The answer of a rule that says it all; `undefined` where a model's turn is to be told by the operation. */
export function render({ error, raw, embedding }: Rule, heard: Heard): Answer | undefined {
  if (error) return errorOf(error);
  if (raw) return rawOf(raw);
  return embedding && embeddingsOf(embedding, heard);
}

/** What a rule tells a model to say. */
export function saidOf({ text, json, toolCalls = [] }: Rule, heard: Heard): Said {
  const calls = toolCalls.map(({ id, name, arguments: given }, index) => ({
    id: id ?? idOf("call_", JSON.stringify([heard.fields, name, index])),
    name,
    arguments: typeof given === "string" ? given : JSON.stringify(given),
  }));
  return { text: text ?? (json === undefined ? "" : JSON.stringify(json)), toolCalls: calls };
}

/** A rule's own times go before those that hold for all. */
export function paceOf({ latency, delay }: Rule, pace: Pace): Pace {
  const own = delay === undefined ? pace : { token: 0, delta: delay };
  return { ...pace, ...own, ...(latency !== undefined && { latency }) };
}

function errorOf({ status, headers, ...said }: NonNullable<Rule["error"]>): Answer {
  const { message, param = null, code = null } = said;
  const type = said.type ?? (status < 500 ? "invalid_request_error" : "server_error");
  return json({ error: { message, type, param, code } }, status, Object.entries(headers).flat());
}

/** Text goes as it is, an event stream event by event; everything else is JSON. */
function rawOf({ status, headers, body }: NonNullable<Rule["raw"]>): Answer {
  const lines = Object.entries(headers).flat();
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  if (typeof body !== "string") {
    const answer = json(body, status, lines);
    return type === undefined ? answer : { ...answer, headers: lines };
  }
  if (type?.startsWith("text/event-stream"))
    return { ...events(body.split(/(?<=\n\n)/)), status, headers: lines };
  return { status, headers: lines, body: Buffer.from(body) };
}
