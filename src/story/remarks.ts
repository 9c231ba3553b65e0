import { isSame } from "../differences.ts";
import type { Asking, Parting } from "./chain.ts";
import { type Fields, fieldsOf, objectsOf, textOf } from "./json.ts";
import { commonStart } from "./prefix.ts";

/** Input tokens below which nothing is cached. */
const leastCached = 1_024;

/** Silence after which a cache may be gone, where nothing else was asked for. */
const forgottenMs = 5 * 60_000;

/** What is known to keep a prompt from being read from the cache, in sentences. */
export function remarksOn(
  { call, body }: Asking,
  before: Asking | undefined,
  parting: Parting | undefined,
  isCut: boolean,
): string[] {
  const remarks: string[] = [];
  const input = call.usage?.input;
  if (input !== undefined && input < leastCached)
    remarks.push(`Prompts of less than 1,024 tokens are not cached; this one has ${input}.`);
  if (body.previous_response_id)
    remarks.push("Most of the prompt is in a former response, which the request only names.");
  if (!before) return remarks;
  remarks.push(...settingsOn(body, before.body));
  remarks.push(...toolsOn(body, before.body));
  if (parting && hasMoment(parting))
    remarks.push(
      `A date, time or id stands at ${parting.path}: all that follows it is new each time. Move it behind what stays the same.`,
    );
  if (isCut)
    remarks.push("What stood there before was taken out, and what followed it has moved up.");
  remarks.push(...timesOn(call, before.call));
  if (remarks.length === 0 && !parting && call.usage?.cachedInput === 0)
    remarks.push(
      "Nothing in front has changed: the request may have come to another machine (prompt_cache_key helps), or the cache was gone.",
    );
  return remarks;
}

/** What else keeps a cache from being used: OpenAI's own reasons in `prompt_cache_diagnostics`. */
const settings: [name: string, why: string, find: (body: Fields) => unknown][] = [
  ["model", "each model has a cache of its own", ({ model }) => model],
  ["prompt_cache_key", "it chooses the cache", (body) => body.prompt_cache_key],
  ["form of the answer", "it stands in front of the prompt", formOf],
  ["reasoning effort", "it is part of what is cached", effortOf],
  ["verbosity", "it is part of what is cached", verbosityOf],
  ["service_tier", "tiers have caches of their own", (body) => body.service_tier],
];

function formOf({ response_format: form, text }: Fields): unknown {
  return form ?? fieldsOf(text)?.format;
}

function effortOf({ reasoning_effort: effort, reasoning }: Fields): unknown {
  return effort ?? fieldsOf(reasoning)?.effort;
}

function verbosityOf({ verbosity, text }: Fields): unknown {
  return verbosity ?? fieldsOf(text)?.verbosity;
}

function settingsOn(body: Fields, before: Fields): string[] {
  return settings.flatMap(([name, why, find]) => {
    const [was, is] = [find(before), find(body)];
    if (isSame(was, is)) return [];
    return [`Another ${name} (${shown(was)} → ${shown(is)}): ${why}.`];
  });
}

function shown(value: unknown): string {
  const text = textOf(value) || "none";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function toolsOn(body: Fields, before: Fields): string[] {
  const [was, is] = [before, body].map((one) => {
    return objectsOf(one.tools ?? one.functions).map((tool) => JSON.stringify(tool));
  }) as [string[], string[]];
  if (isSame(was, is)) return [];
  if (isSame(was.toSorted(), is.toSorted()))
    return ["The same tools stand in another order: keep one order, they are read first."];
  const added = is.filter((tool) => !was.includes(tool)).length;
  const gone = was.filter((tool) => !is.includes(tool)).length;
  return [`The tools differ (${gone} gone or changed, ${added} new): they are read first.`];
}

/** A date, a time, seconds since 1970, or an id made up at random. */
const moment =
  /\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}|(?<!\d)1\d{9}(?:\d{3})?(?!\d)|[0-9a-f]{8}-[0-9a-f]{4}-|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |(?:January|February|March|April|May|June|July|August|September|October|November|December) \d/;

/** Whether such a thing stands on both sides where they part. */
function hasMoment({ before, after }: Parting): boolean {
  if (before === undefined || after === undefined) return false;
  const at = commonStart(before, after);
  return [before, after].every((text) => moment.test(text.slice(Math.max(0, at - 24), at + 24)));
}

function timesOn(call: Asking["call"], before: Asking["call"]): string[] {
  const end = before.startedAt + (before.times.firstSlice ?? before.times.end ?? 0);
  if (call.startedAt < end)
    return ["It was sent before the other one was answered: nothing was cached by then."];
  const silence = call.startedAt - end;
  if (silence <= forgottenMs) return [];
  const minutes = Math.round(silence / 60_000);
  return [
    `${minutes} minutes lie between them: caches are gone after some minutes of silence (prompt_cache_options.ttl, prompt_cache_retention).`,
  ];
}
