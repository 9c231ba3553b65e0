import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";
import {
  badRequest,
  hostNotAllowed,
  invalidToken,
  methodNotAllowed,
  originNotAllowed,
  type RelayError,
  unsupportedTransferEncoding,
  uriTooLong,
  websocketDisabled,
} from "../errors.ts";

/** What the door found out about a request that may come in. */
export type Admission = {
  /** The request target in origin-form: path and query as sent. */
  target: string;
  /** An allowed web origin, which is to be echoed to the browser. */
  origin?: string;
  /** The name of the client token. */
  client?: string;
  /** A CORS preflight of an allowed origin: the relay answers it. */
  preflight?: true;
};

type Facts = Record<"host" | "origin" | "site" | "te" | "cl" | "upgrade" | "auth", string> & {
  hosts: number;
  lengths: number;
  apiKey: string;
  relayToken: string;
  preflight: boolean;
};

const names = new Map<string, keyof Facts>([
  ["host", "host"],
  ["origin", "origin"],
  ["sec-fetch-site", "site"],
  ["transfer-encoding", "te"],
  ["content-length", "cl"],
  ["upgrade", "upgrade"],
  ["authorization", "auth"],
  ["api-key", "apiKey"],
  ["x-relay-token", "relayToken"],
  ["access-control-request-method", "preflight"],
]);

/** RFC 3986 section 3.2.2, as far as a Host header may use it. */
const hostSyntax = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::\d{1,5})?$/i;

/** A dot segment, plain or encoded, between separators that some server somewhere takes for one. */
const dotSegment = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=$|[/\\?]|%2f|%5c)/i;

/** Origin-form with the bytes that RFC 9112 section 3.2 allows, and those that curl sends bare. */
const targetSyntax = /^\/[!"$-~]*$/;

const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * The door: says for each request whether it may come in, and why not. `port` is the one that the
 * relay listens on. The order of checks is the one of the threat model: whatever could be a web page
 * is turned away before anything else is looked at.
 */
export function createDoor(
  config: Config,
  port: () => number,
): (req: IncomingMessage) => Admission | RelayError {
  const hosts = new Set(config.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(config.allowedOrigins);
  const tokenOf = createTokenCheck(config.tokens);
  const wide = !isLoopback(config.host);

  function allowsHost(host: string): boolean {
    const lower = host.toLowerCase();
    const at = lower.lastIndexOf(":");
    const hasPort = at > lower.lastIndexOf("]") && at > 0;
    const name = hasPort ? lower.slice(0, at) : lower;
    if (hosts.has(lower) || hosts.has(name)) return true;
    if (hasPort && Number(lower.slice(at + 1)) !== port()) return false;
    if (name === "127.0.0.1" || name === "localhost" || name === "[::1]") return true;
    // Rebinding needs a name: an address cannot be re-pointed. A wide bind has tokens besides.
    return wide && (name === config.host.toLowerCase() || isIP(name.replace(/^\[|\]$/g, "")) !== 0);
  }

  return function admit(req) {
    if (req.httpVersionMajor !== 1) return badRequest(`HTTP/${req.httpVersion} is not served.`);

    const facts = gather(req.rawHeaders);
    if (facts.te !== "") {
      // node:http lets through codings that it does not undo (gzip) or does not know.
      if (facts.te.toLowerCase() !== "chunked") return unsupportedTransferEncoding(facts.te);
      if (req.httpVersionMinor === 0) return badRequest("HTTP/1.0 has no Transfer-Encoding.");
      if (facts.lengths > 0) return badRequest("Content-Length beside Transfer-Encoding.");
    }
    if (facts.lengths > 1 || (facts.lengths === 1 && !/^\d{1,15}$/.test(facts.cl)))
      return badRequest("Malformed Content-Length.");

    let target = req.url ?? "";
    let host = facts.host;
    if (facts.hosts > 1) return badRequest("More than one Host.");
    if (target.charCodeAt(0) !== 47) {
      // The authority of an absolute-form replaces Host (RFC 9112 section 3.2.2); it is never dialled.
      const absolute = absoluteForm.exec(target);
      if (!absolute) return badRequest("The request target must start with a slash.");
      host = absolute[1]!;
      target = absolute[2]!.startsWith("/") ? absolute[2]! : `/${absolute[2]}`;
      if (host === "") return badRequest("The request target names no host.");
    }
    if (host !== "" || req.httpVersionMinor === 1) {
      if (!hostSyntax.test(host)) return badRequest("Malformed Host.");
      if (!allowsHost(host)) return hostNotAllowed(host);
    }

    const admission: Admission = { target };
    if (facts.origin !== "") {
      if (!origins.has(facts.origin)) return originNotAllowed(facts.origin);
      admission.origin = facts.origin;
    } else if (facts.site !== "" && facts.site !== "none" && facts.site !== "same-origin") {
      return originNotAllowed("another site");
    }
    if (facts.preflight && admission.origin !== undefined && req.method === "OPTIONS") {
      admission.preflight = true;
      return admission;
    }

    if (tokenOf) {
      const bearer = config.auth === "passthrough" ? "" : facts.auth.replace(/^bearer +/i, "");
      const client = tokenOf(facts.relayToken || facts.apiKey || bearer);
      if (client === undefined) return invalidToken();
      admission.client = client;
    }

    // An upstream that echoes a TRACE would hand out the key (RFC 9110 section 9.3.8).
    if (req.method === "TRACE" || req.method === "CONNECT") return methodNotAllowed(req.method);
    if (target.length > config.limits.target) return uriTooLong(config.limits.target);
    if (!targetSyntax.test(target))
      return badRequest("Forbidden characters in the request target.");
    if (hasDotSegment(target)) return badRequest("Dot segments in the path.");
    if (facts.upgrade.toLowerCase() === "websocket") return websocketDisabled();
    return admission;
  };
}

function hasDotSegment(target: string): boolean {
  const query = target.indexOf("?");
  return dotSegment.test(query < 0 ? target : target.slice(0, query));
}

function gather(raw: string[]): Facts {
  const facts = { hosts: 0, lengths: 0, preflight: false } as Facts;
  facts.host = facts.origin = facts.site = facts.te = facts.cl = facts.upgrade = facts.auth = "";
  facts.apiKey = facts.relayToken = "";
  for (let i = 0; i < raw.length; i += 2) {
    const fact = factOf(raw[i]!);
    if (fact === undefined) continue;
    const value = raw[i + 1]!;
    if (fact === "preflight") facts.preflight = true;
    else if (fact === "te") facts.te += facts.te === "" ? value : `, ${value}`;
    else if (fact !== "hosts" && fact !== "lengths") facts[fact] = value;
    if (fact === "host") facts.hosts++;
    else if (fact === "cl") facts.lengths++;
  }
  return facts;
}

const spellings = new Map<string, keyof Facts | undefined>();

/** Spellings seen are remembered, so that a header name is lower-cased once and not per request. */
function factOf(name: string): keyof Facts | undefined {
  let fact = spellings.get(name);
  if (fact === undefined && !spellings.has(name)) {
    fact = names.get(name.toLowerCase());
    if (spellings.size < 1_000) spellings.set(name, fact);
  }
  return fact;
}

/** `undefined` when no tokens are configured. Compares digests, so that time tells nothing. */
function createTokenCheck(
  tokens: readonly string[],
): ((given: string) => string | undefined) | undefined {
  if (tokens.length === 0) return undefined;
  const known = tokens.map((token, index) => ({
    name: `token ${index + 1}`,
    digest: sha256(token),
  }));
  return (given) => {
    const digest = sha256(given);
    let found: string | undefined;
    for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token.name;
    return found;
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
