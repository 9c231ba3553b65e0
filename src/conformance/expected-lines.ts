import { allowed, type LineRule } from "./allowed.ts";
import type { Rules, Terms } from "./terms.ts";
import { type Line, trimmed, valuesOf } from "./wire.ts";
import { withWished } from "./wished-lines.ts";

type Circumstances = { isHandshake: boolean; hasBody: boolean };

/** A client secret that is a credential of its own. */
const ephemeral = /^bearer +ek_/i;
const keyProtocol = "openai-insecure-api-key.";

/** The header lines that are to reach the upstream, by the table and the settings. */
export function toOpenAILines(
  lines: readonly Line[],
  { isHandshake, hasBody }: Circumstances,
  terms: Terms,
): Line[] {
  const { key, met, wishes, by } = terms;
  const isPassed = wishes.auth === "passthrough";
  const keyHeader = wishes.authHeader.toLowerCase();
  const hasSecret = valuesOf(lines, "authorization").some((value) => ephemeral.test(value));
  const isUsual = keyHeader === "authorization" || hasSecret;
  const [slot, proof] = isUsual ? ["Authorization", `Bearer ${key}`] : [wishes.authHeader, key];
  let isKeyed =
    isPassed || protocolsIn(lines).some((offer) => offer.startsWith(`${keyProtocol}ek_`));
  if (isPassed) by.add("auth");
  else if (!isUsual) by.add("authHeader");

  const out: Line[] = [];
  for (const [name, value, fate] of withFates("OpenAI", lines, met)) {
    const lower = name.toLowerCase();
    if (fate === "handshake") {
      if (!isHandshake) continue;
      const isKept = isPassed || lower !== "sec-websocket-protocol";
      const kept = isKept ? value : withoutKey(value);
      if (kept !== "") out.push([name, kept]);
    } else if (isPassed || (lower !== "authorization" && lower !== keyHeader)) {
      out.push([name, value]);
    } else if (lower === slot.toLowerCase() && !isKeyed) {
      out.push([name, ephemeral.test(value) ? value : proof]);
      isKeyed = true;
    }
  }
  if (!isKeyed) out.push([slot, proof]);
  if (hasBody && valuesOf(out, "content-type").length === 0) {
    if (wishes.defaultContentType) {
      met.add(allowed.find((rule) => "fate" in rule && rule.fate === "default")!);
      out.push(["Content-Type", "application/json"]);
    } else by.add("defaultContentType");
  }
  return withWished(out, terms);
}

/** The header lines that are to reach the client. */
export function toClientLines(lines: readonly Line[], met: Rules): Line[] {
  return withFates("the client", lines, met).map(([name, value]) => [name, value]);
}

/** The subprotocol with a key, when a client offers nothing else. */
export function keyProtocolIn(lines: readonly Line[]): string | undefined {
  const offers = protocolsIn(lines);
  return offers.length > 0 && withoutKey(offers.join(",")) === "" ? offers[0] : undefined;
}

/** The lines that pass, with what becomes of each; those that do not pass are left out. */
function withFates(
  to: LineRule["to"],
  lines: readonly Line[],
  met: Rules,
): [name: string, value: string, fate: LineRule["fate"] | undefined][] {
  const named = namedByConnection(lines);
  return lines.flatMap(([name, value]) => {
    if (value !== ` ${trimmed(value)}`) met.add(whiteSpace);
    const rule = ruleFor(to, name);
    if (rule && rule.fate !== "default") met.add(rule);
    const isDropped = rule?.fate === "drop" || rule?.fate === "own";
    if (isDropped || named.has(name.toLowerCase())) return [];
    return [[name, trimmed(value), rule?.fate]];
  });
}

const whiteSpace = allowed.find((rule) => "form" in rule && rule.form === "white space")!;

function ruleFor(to: LineRule["to"], name: string): LineRule | undefined {
  const lower = name.toLowerCase();
  const isMeant = (n: string) => (n.endsWith("*") ? lower.startsWith(n.slice(0, -1)) : lower === n);
  return allowed.find(
    (rule): rule is LineRule => "names" in rule && rule.to === to && rule.names.some(isMeant),
  );
}

/** The names that `Connection` lines take away with them (RFC 9110 section 7.6.1). */
function namedByConnection(lines: readonly Line[]): Set<string> {
  const names = valuesOf(lines, "connection").flatMap((value) => value.toLowerCase().split(","));
  const kept = new Set(["content-length", "content-type", "authorization", "host"]);
  return new Set(names.map(trimmed).filter((name) => !kept.has(name)));
}

function protocolsIn(lines: readonly Line[]): string[] {
  return valuesOf(lines, "sec-websocket-protocol").flatMap((value) =>
    value.split(",").map(trimmed),
  );
}

/** Subprotocols without those that hold a key; an ephemeral secret stays. */
function withoutKey(value: string): string {
  const isKey = (offer: string) => offer.startsWith(keyProtocol) && !/\.ek_/.test(offer);
  const offers = value.split(",").map(trimmed);
  return offers.some(isKey) ? offers.filter((offer) => !isKey(offer)).join(", ") : value;
}
