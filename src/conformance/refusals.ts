import { type Recording, refusalOf } from "./exchange.ts";

const byName = ["policy.models", "policy.denyModels", "policy.maxOutputTokens"];

/** The settings by which the relay may turn a request away, by the code of its refusal. */
const reasons: Record<string, string[]> = {
  policy_denied: [...byName, "policy.deny", "policy.allow", "policy.readOnly", "keys"],
  websocket_disabled: ["websocket", ...byName],
  unknown_url: ["allowPaths"],
  unsupported_media_type: ["validate"],
  body_too_large: ["limits.body"],
  uri_too_long: ["limits.target"],
  headers_too_large: ["limits.headers"],
  relay_overloaded: ["limits.requests"],
  bad_request: ["rewrite"],
  upstream_bad_response: ["limits.headers"],
  upstream_timeout: ["timeouts.head", "timeouts.total"],
};

/** Whether a setting that somebody chose may turn requests away. */
export function mayRefuse(chosen: ReadonlySet<string>): boolean {
  return Object.values(reasons).some((settings) => settings.some((name) => chosen.has(name)));
}

/** The setting by which the relay refused; `undefined` where it did not, or had no right to. */
export function refusedBy(
  { answer, requests }: Recording,
  chosen: ReadonlySet<string>,
): string | undefined {
  const code = refusalOf(answer);
  if (answer === undefined || code === undefined) return undefined;
  // What is refused must not be sent.
  if (requests.length > 0 && !code.startsWith("upstream_")) return undefined;
  const settings = (reasons[code] ?? []).filter((name) => chosen.has(name));
  const named = /\bpolicy\.\w+/.exec(answer.body.toString("latin1"))?.[0];
  return settings.find((name) => name === named) ?? settings[0];
}
