import { matches } from "../config/pattern.ts";
import type { Config } from "../config/settings.ts";
import { policyDenied, type RelayError } from "../errors.ts";
import type { Exchange, HeaderList } from "../exchange.ts";
import { toComparable } from "./path.ts";
import { quoted } from "./quoted.ts";

type Rule = { method: string | undefined; path: string; text: string };

/** Says of a request whether its method and path may pass. */
export type RequestCheck = (exchange: Exchange, isUpgrade: boolean) => RelayError | undefined;

/** Headers by which some servers take a request for another one. */
const override = /^x-(?:http-method(?:-override)?|method-override|original-url|rewrite-url)$/i;

/**
 * The rules on methods and paths: `policy.allow`, `policy.deny` and `policy.readOnly`. `versioned`: the
 * upstream's paths begin with `/v1`, whether the client says so or not.
 */
export function createRequestCheck(
  { policy: { allow, deny, readOnly } }: Config,
  versioned: boolean,
): RequestCheck | undefined {
  if (allow.length === 0 && deny.length === 0 && !readOnly) return undefined;
  const allowed = allow.map((text) => toRule(text, versioned));
  const denied = deny.map((text) => toRule(text, versioned));
  const setting = readOnly ? "policy.readOnly" : deny.length > 0 ? "policy.deny" : "policy.allow";

  return function check({ method, target, headers }, isUpgrade) {
    const path = target.split("?", 1)[0]!;
    const asked = `${isUpgrade ? "a WebSocket on" : method} ${quoted(path)}`;
    const disguise = disguiseIn(headers);
    if (disguise !== undefined)
      return policyDenied(`${setting} forbids ${asked} with the header ${disguise}.`);
    if (readOnly && (isUpgrade || !/^(?:GET|HEAD|OPTIONS)$/.test(method)))
      return policyDenied(`policy.readOnly forbids ${asked}: it lets GET, HEAD and OPTIONS pass.`);
    if (allow.length === 0 && deny.length === 0) return undefined;

    const comparable = toComparable(path, versioned);
    if (comparable === undefined)
      return policyDenied(`${setting} forbids ${asked}: the path can be read in two ways.`);
    const ways = waysOf(method, isUpgrade);
    const ban = denied.find((rule) => ways.some((way) => applies(rule, way, comparable)));
    if (ban) return policyDenied(`policy.deny "${ban.text}" forbids ${asked}.`);
    // A WebSocket does what POST does.
    const wanted = isUpgrade ? ["POST"] : ways;
    if (
      allowed.length === 0 ||
      allowed.some((rule) => wanted.some((way) => applies(rule, way, comparable)))
    )
      return undefined;
    return policyDenied(`policy.allow does not name ${asked}.`);
  };
}

/** The header by which a request may ask for something else than its first line says. */
export function disguiseIn(headers: HeaderList): string | undefined {
  return headers.find((name, i) => i % 2 === 0 && override.test(name));
}

function toRule(text: string, versioned: boolean): Rule {
  const start = text.indexOf("/");
  const path = text.slice(start);
  const method = start > 0 ? text.slice(0, start - 1).toUpperCase() : undefined;
  return { method, path: toComparable(path, versioned)!, text };
}

function applies(rule: Rule, method: string, path: string): boolean {
  return (rule.method === undefined || rule.method === method) && matches(rule.path, path);
}

/** The methods as which a request is judged. */
function waysOf(method: string, isUpgrade: boolean): string[] {
  if (isUpgrade) return ["GET", "POST"];
  return method === "HEAD" ? ["HEAD", "GET"] : [method];
}
