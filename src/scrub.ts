import type { HeaderList } from "./exchange.ts";
import { headerOf } from "./header-list.ts";
import { keyInProtocols } from "./subprotocol.ts";
import { secretsInUse } from "./tellable.ts";

/**
 * Crosses out what no tape may hold, in latin-1 text: as many characters as there were, so that lengths
 * and slices stay right.
 */
export type Scrub = (text: string) => string;

/** Bytes after which nothing that is crossed out can still go on. */
export const reach = 4096;

/** What only looks like a credential is crossed out too: `$1` stays, the rest is the secret. */
const forms: readonly RegExp[] = [
  // OpenAI's keys, client secrets, sessions and webhook secrets; the relay's tokens.
  /((?<![A-Za-z0-9])(?:(?:sk|ek|sess|whsec)[-_]|relay_(?=[\w-]{32})))(?=[\w-]{0,40}\d)([\w-]{10,})/g,
  /((?<![A-Za-z0-9])eyJ[\w-]{8,}\.)([\w-]{8,}(?:\.[\w-]*)*)/g,
  /((?<![A-Za-z])bearer +)(?=[\w.~+/=-]{0,40}\d)([\w.~+/=-]{16,})/gi,
  // The signature of a URL, as it stands in JSON too.
  /((?:[?&]|\\u0026)(?:sig|signature|x-(?:amz|goog)-(?:signature|security-token)|[a-z_-]*token|api[-_]?key|key)=)([^&"'\s\\<>]{8,})/gi,
  /("(?:api_?key|client_secret|access_token|refresh_token|id_token|password|secret)"\s*:\s*")([^"\\]{6,})/gi,
];

/** Shorter ones would be crossed out by chance. */
const shortest = 8;

/** `list` of the settings, beside what is never written. */
export function createScrub(list: readonly string[]): Scrub {
  const own = list.map(toPattern);
  const known = createKnown();
  return function scrub(text) {
    let clean = text;
    for (const form of forms)
      clean = clean.replace(form, (_, kept, secret) => kept + crossed(secret));
    const secrets = known();
    if (secrets) clean = clean.replace(secrets, crossed);
    for (const pattern of own) clean = clean.replace(pattern, crossed);
    return clean;
  };
}

/** The same without what one request brought as its credentials, whatever they look like. */
export function withCredentials(scrub: Scrub, headers: HeaderList): Scrub {
  return withSecrets(scrub, credentialsIn(headers));
}

/** What one request brought as its credentials. */
export function credentialsIn(headers: HeaderList): string[] {
  const values = [
    headerOf(headers, "authorization")?.replace(/^\w+ +/, ""),
    headerOf(headers, "api-key"),
    headerOf(headers, "x-relay-token"),
    keyInProtocols(headerOf(headers, "sec-websocket-protocol") ?? ""),
  ];
  return values.filter((value) => value !== undefined && value.length >= 16) as string[];
}

/** The same without these secrets. */
export function withSecrets(scrub: Scrub, secrets: readonly string[]): Scrub {
  if (secrets.length === 0) return scrub;
  const pattern = patternOf(secrets);
  return (text) => scrub(text).replace(pattern, crossed);
}

/** Most clients bring the same with every request: making a pattern takes longer than using it. */
let last: { of: string; pattern: RegExp } | undefined;

function patternOf(secrets: readonly string[]): RegExp {
  const of = secrets.join("\n");
  if (last?.of !== of) last = { of, pattern: anyOf(secrets) };
  return last.pattern;
}

/** The keys and tokens of this process, as one pattern. */
function createKnown(): () => RegExp | undefined {
  let count = -1;
  let pattern: RegExp | undefined;
  return () => {
    if (secretsInUse.size === count) return pattern;
    count = secretsInUse.size;
    const secrets = [...secretsInUse].filter(({ length }) => length >= shortest);
    pattern = secrets.length > 0 ? anyOf(secrets) : undefined;
    return pattern;
  };
}

/** As they are, as JSON has them, and as URLs do; the longest first. */
function anyOf(secrets: readonly string[]): RegExp {
  const spelled = secrets.flatMap((one) => [
    one,
    JSON.stringify(one).slice(1, -1),
    JSON.stringify(JSON.stringify(one)).slice(3, -3),
    encodeURIComponent(one),
  ]);
  const texts = [...new Set(spelled)].sort((a, b) => b.length - a.length);
  return new RegExp(texts.map(literal).join("|"), "g");
}

function toPattern(text: string): RegExp {
  const [, source, flags = ""] = /^\/(.+)\/([imsu]*)$/.exec(text) ?? [];
  if (source !== undefined) return new RegExp(inBytes(source), `${flags.replace("u", "")}g`);
  return new RegExp(literal(inBytes(text)), "g");
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** What is searched is the bytes of UTF-8, a character each. */
function inBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** JSON stays JSON: a digit becomes a digit. */
function crossed(secret: string): string {
  return secret.replace(/[^\d]/g, "x").replace(/\d/g, "0");
}
