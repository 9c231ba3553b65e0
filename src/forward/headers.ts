import type { Config } from "../config/settings.ts";
import type { HeaderList } from "../exchange.ts";

/** What is done with a request header line; every other line passes as it is. */
type Fate =
  | "keep"
  | "drop"
  | "connection"
  | "authorization"
  | "keyHeader"
  | "contentType"
  | "organization"
  | "project"
  | "beta";

/** The lines of a request that concern only the way from the client to the relay (the contract). */
const requestFates: Record<string, Fate> = {
  host: "drop",
  connection: "connection",
  "keep-alive": "drop",
  "proxy-connection": "drop",
  "proxy-authorization": "drop",
  "proxy-authenticate": "drop",
  te: "drop",
  trailer: "drop",
  "transfer-encoding": "drop",
  upgrade: "drop",
  "http2-settings": "drop",
  expect: "drop",
  origin: "drop",
  cookie: "drop",
  referer: "drop",
  forwarded: "drop",
  "x-real-ip": "drop",
  authorization: "authorization",
  "content-type": "contentType",
  "openai-organization": "organization",
  "openai-project": "project",
  "openai-beta": "beta",
};

const droppedPrefixes = /^(?:proxy-|sec-|x-forwarded-|x-relay-)/;

/** Hop-by-hop lines of an answer (RFC 9110 section 7.6.1), and those that speak of the upstream's host. */
const droppedFromAnswers = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "alt-svc",
  "strict-transport-security",
]);

/** Names that `Connection` cannot take away: they frame or identify the message. */
const untouchable = new Set(["content-length", "content-type", "authorization", "host"]);

/** Makes upstream's header lines out of the client's; `key` is `undefined` where the client's own stays. */
export type RequestHeaders = (
  headers: HeaderList,
  hasBody: boolean,
  key: string | undefined,
) => HeaderList;

/** Builds the one function that knows what the contract changes towards OpenAI. */
export function createRequestHeaders(config: Config): RequestHeaders {
  const keyHeader = config.authHeader.toLowerCase();
  const fates: Record<string, Fate> = { ...requestFates };
  if (keyHeader !== "authorization") fates[keyHeader] = "keyHeader";
  // Where tokens let clients in, one of them may stand here; it must not travel on.
  else if (config.tokens.length > 0) fates["api-key"] = "drop";

  const fateOf = remembering<Fate>(
    (name) => fates[name] ?? (droppedPrefixes.test(name) ? "drop" : "keep"),
  );

  return function toUpstream(headers, hasBody, key) {
    const out: HeaderList = [];
    let nominated = "";
    let keyDone = false;
    let hasType = false;
    let hasOrganization = false;
    let hasProject = false;
    let betaAt = -1;
    let betas = "";

    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      switch (fateOf(name)) {
        case "keep":
          break;
        case "drop":
          continue;
        case "connection":
          nominated += `,${value}`;
          continue;
        case "authorization":
          if (key === undefined || isEphemeral(value)) {
            keyDone = true;
            break;
          }
          if (keyHeader !== "authorization" || keyDone) continue;
          keyDone = true;
          out.push(name, `Bearer ${key}`);
          continue;
        case "keyHeader":
          if (key === undefined) break;
          if (!keyDone) out.push(name, key);
          keyDone = true;
          continue;
        case "contentType":
          hasType = true;
          break;
        case "organization":
          hasOrganization = true;
          break;
        case "project":
          hasProject = true;
          break;
        case "beta":
          betaAt = out.length + 1;
          betas += `,${value}`;
          break;
      }
      out.push(name, value);
    }

    // Before anything of the relay's own is added, so that nobody can strike that out.
    const kept = nominated === "" ? out : withoutNominated(out, nominated);
    if (kept !== out && betaAt >= 0) betaAt = lastIndexOf(kept, "openai-beta");
    if (key !== undefined && !keyDone)
      kept.push(config.authHeader, keyHeader === "authorization" ? `Bearer ${key}` : key);
    if (hasBody && !hasType && config.defaultContentType)
      kept.push("Content-Type", "application/json");
    if (config.organization !== "" && !hasOrganization)
      kept.push("OpenAI-Organization", config.organization);
    if (config.project !== "" && !hasProject) kept.push("OpenAI-Project", config.project);
    if (config.beta.length > 0) mergeBeta(kept, betaAt, betas, config.beta);
    return kept;
  };
}

const isDroppedFromAnswers = remembering<boolean>((name) => droppedFromAnswers.has(name));

/** The header lines of an answer that are meant for the client, from undici's raw list. */
export function toClientHeaders(raw: readonly Buffer[]): HeaderList {
  const out: HeaderList = [];
  let nominated = "";
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString("latin1");
    const value = raw[i + 1]!.toString("latin1");
    if (!isDroppedFromAnswers(name)) out.push(name, value);
    else if (name.length === 10 && name.toLowerCase() === "connection") nominated += `,${value}`;
  }
  return nominated === "" ? out : withoutNominated(out, nominated);
}

/** The first value of a header, `undefined` when there is none. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name)
      return headers[i + 1];
  return undefined;
}

/** Ephemeral client secrets carry a session of their own and pass unchanged. */
export function isEphemeral(authorization: string): boolean {
  return /^bearer +ek_/i.test(authorization);
}

/** Removes the fields that `Connection` names (RFC 9110 section 7.6.1). */
function withoutNominated(headers: HeaderList, nominated: string): HeaderList {
  const names = new Set<string>();
  for (const part of nominated.split(",")) {
    const name = part.trim().toLowerCase();
    if (name !== "" && name !== "keep-alive" && name !== "close" && !untouchable.has(name))
      names.add(name);
  }
  if (names.size === 0) return headers;
  return headers.filter((_, i) => !names.has(headers[i - (i % 2)]!.toLowerCase()));
}

/** Adds the flags that the client did not send: to its last line, or as a line of their own. */
function mergeBeta(
  headers: HeaderList,
  at: number,
  sent: string,
  configured: readonly string[],
): void {
  const known = new Set(sent.split(",").map((flag) => flag.trim()));
  const missing = [...new Set(configured)].filter((flag) => !known.has(flag)).join(", ");
  if (missing === "") return;
  if (at < 0) headers.push("OpenAI-Beta", missing);
  else headers[at] = headers[at]!.trim() === "" ? missing : `${headers[at]}, ${missing}`;
}

function lastIndexOf(headers: HeaderList, name: string): number {
  for (let i = headers.length - 2; i >= 0; i -= 2)
    if (headers[i]!.toLowerCase() === name) return i + 1;
  return -1;
}

/** Remembers what was found out about a name, spelled as received: names repeat, look-ups are cheaper. */
function remembering<T>(find: (lowerCased: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let found = known.get(name);
    if (found === undefined) {
      found = find(name.toLowerCase());
      if (known.size < 1_000) known.set(name, found);
    }
    return found;
  };
}
