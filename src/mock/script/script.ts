import { matches } from "../../config/pattern.ts";
import type { Heard } from "../heard.ts";
import { type Rule, toPattern } from "./schema.ts";

/** The rule that answers a request; `undefined`: none does. */
export type Script = (heard: Heard) => Rule | undefined;

/** Operations that say what a model says. */
const speaking = ["chat/completions", "completions", "responses", "realtime"];

/** Finds for each request the first rule that fits; counts as it goes. */
export function createScript(rules: readonly Rule[]): Script {
  const known = rules.map((rule) => ({ rule, fits: createFit(rule), calls: 0 }));

  return function find(heard) {
    // Whichever answers: the second call is the second one, also where another rule had the first.
    const fitting = known.filter((one) => one.fits(heard));
    for (const one of fitting) one.calls += 1;
    return fitting.find(
      ({ rule, calls }) => rule.when.call === undefined || rule.when.call === calls,
    )?.rule;
  };
}

function createFit({ when, error, raw, embedding }: Rule): (heard: Heard) => boolean {
  const { path: request = "/*", model, text, matches: source } = when;
  const [path = "", method = ""] = request.split(" ").reverse();
  const pattern = source === undefined ? undefined : toPattern(source);
  const part = text?.toLowerCase() ?? "";
  const operations = (embedding ? ["embeddings"] : speaking).map((name) => `/v1/${name}`);
  const isAnyPath = error !== undefined || raw !== undefined;

  return (heard) =>
    (isAnyPath || (heard.method === "POST" && operations.includes(heard.path))) &&
    (method === "" || method.toUpperCase() === heard.method) &&
    matches(path, heard.path) &&
    (model === undefined || (heard.model !== undefined && matches(model, heard.model))) &&
    heard.text.toLowerCase().includes(part) &&
    (pattern?.test(heard.text) ?? true);
}
