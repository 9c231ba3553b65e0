import { looksStored } from "../config/client-tokens.ts";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import type { HeaderList } from "../exchange.ts";
import { remembering } from "../header-list.ts";
import { namesNothing, withoutNominated } from "./nominated.ts";

/** What is done with a request header line; every other line passes as it is. */
type Fate =
  | "keep"
  | "drop"
  | "connection"
  | "authorization"
  | "keyHeader"
  | "apiKey"
  | "contentType"
  | "organization"
  | "project"
  | "beta";

/** The lines of a request that concern only the way from the client to the relay (the contract). */
const requestFates: readonly (readonly [string, Fate])[] = Object.entries({
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
});

/** The same by the beginning of a name. On an upgrade `Sec-WebSocket-*` is the handshake itself. */
const droppedPrefixes = {
  request: /^(?:proxy-|sec-|x-forwarded-|x-relay-)/,
  upgrade: /^(?:proxy-|sec-(?!websocket-)|x-forwarded-|x-relay-)/,
};

/** Makes upstream's header lines out of the client's; without a key only an ephemeral secret goes up. */
export type RequestHeaders = (
  headers: HeaderList,
  hasBody: boolean,
  key: string | undefined,
) => HeaderList;

/** Builds the one function that knows what the contract changes towards OpenAI. */
export function createRequestHeaders(
  config: Config,
  kind: "request" | "upgrade" = "request",
): RequestHeaders {
  const keeps = config.auth === "passthrough";
  const isUsual = config.authHeader.toLowerCase() === "authorization";
  const fates = new Map(requestFates);
  if (!isUsual) fates.set(config.authHeader.toLowerCase(), "keyHeader");
  // A client token may stand here; it must not travel on.
  if (!keeps && fates.get("api-key") === undefined)
    fates.set("api-key", wantsToken(config) ? "drop" : "apiKey");

  const fateOf = remembering<Fate>(
    (name) => fates.get(name) ?? (droppedPrefixes[kind].test(name) ? "drop" : "keep"),
  );

  return function toUpstream(headers, hasBody, key) {
    const secret = keeps ? undefined : ephemeralIn(headers);
    const slot: Fate = isUsual || secret !== undefined ? "authorization" : "keyHeader";
    const proof = secret ?? (isUsual && key !== undefined ? `Bearer ${key}` : key);

    const out: HeaderList = [];
    let nominated = "";
    let isProven = keeps || proof === undefined;
    let hasType = false;
    let hasOrganization = false;
    let hasProject = false;
    let betaAt = -1;
    let betas = "";

    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      const fate = fateOf(name);
      switch (fate) {
        case "keep":
          break;
        case "drop":
          continue;
        case "connection":
          if (!namesNothing.test(value)) nominated += `,${value}`;
          continue;
        case "authorization":
        case "keyHeader":
          if (keeps) break;
          if (fate === slot && !isProven) {
            isProven = true;
            out.push(name, proof!);
          }
          continue;
        case "apiKey":
          if (looksStored(value)) continue;
          break;
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

    // From what the client sent, so that nobody can strike out what the relay puts there.
    if (nominated !== "") return toUpstream(withoutNominated(headers, nominated), hasBody, key);

    if (!isProven) out.push(slot === "authorization" ? "Authorization" : config.authHeader, proof!);
    if (hasBody && !hasType && config.defaultContentType)
      out.push("Content-Type", "application/json");
    if (config.organization !== "" && !hasOrganization)
      out.push("OpenAI-Organization", config.organization);
    if (config.project !== "" && !hasProject) out.push("OpenAI-Project", config.project);
    if (config.beta.length > 0) mergeBeta(out, betaAt, betas, config.beta);
    return out;
  };
}

/** The Authorization with an ephemeral client secret: it carries a session of its own and passes unchanged. */
export function ephemeralIn(headers: HeaderList): string | undefined {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.length === 13 && /^bearer +ek_/i.test(headers[i + 1]!))
      if (headers[i]!.toLowerCase() === "authorization") return headers[i + 1];
  return undefined;
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
