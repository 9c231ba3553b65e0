import type { IncomingMessage } from "node:http";
import type { Config } from "../config/settings.ts";
import {
  badRequest,
  hostNotAllowed,
  methodNotAllowed,
  originNotAllowed,
  ownPageOnly,
  type RelayError,
  unknownPath,
  unsupportedTransferEncoding,
} from "../errors.ts";
import { type Facts, gather } from "./facts.ts";
import { createHostCheck } from "./hosts.ts";
import { isOfPage } from "./page.ts";
import { checkTarget, fromAbsoluteForm } from "./target.ts";
import { createTokenCheck } from "./tokens.ts";

/** What the door found out about a request. */
export type Visit = {
  /** The request target in origin-form: path and query as sent. */
  target: string;
  /** An allowed web origin, which may read the answer. */
  origin?: string;
  /** A CORS preflight of that origin: the relay answers it. */
  isPreflight?: true;
  /** It is for the inspector, which asks for a session itself. */
  isOfPage?: true;
  /** A browser is to show the answer as a page. */
  isNavigation?: true;
  /** The name of the client token, if it came with one. */
  client?: string;
  /** Why it may not come in. */
  refusal?: RelayError | undefined;
};

/**
 * The door: says of each request whether it may come in, before its body is read and before anybody
 * else hears of it. What could be a web page is turned away first. `port` is the one that the relay
 * listens on.
 */
export function createDoor(
  config: Config,
  port: () => number,
  env: NodeJS.ProcessEnv,
): (req: IncomingMessage) => Visit {
  const checkHost = createHostCheck(config, port);
  const origins = new Set(config.allowedOrigins);
  const checkToken = createTokenCheck(config, env);

  return function admit(req) {
    const facts = gather(req.rawHeaders);
    const visit: Visit = { target: req.url ?? "" };
    if (isOfPage(visit.target)) visit.isOfPage = true;
    else if (facts.mode === "navigate") visit.isNavigation = true;
    visit.refusal =
      framing(req, facts) ??
      host(req, facts, visit) ??
      (visit.isOfPage ? stranger(req, facts) : page(req, facts, visit)) ??
      // Browsers send preflights without the token, and they are not forwarded.
      (visit.isPreflight ? undefined : (token(facts, visit) ?? wish(req, visit)));
    return visit;
  };

  /** node:http lets codings through that it does not undo, and forms that others read otherwise. */
  function framing(req: IncomingMessage, facts: Facts): RelayError | undefined {
    if (req.httpVersionMajor !== 1) return badRequest(`HTTP/${req.httpVersion} is not served.`);
    const { coding, length } = facts;
    if (coding !== undefined) {
      if (coding.toLowerCase() !== "chunked") return unsupportedTransferEncoding(coding);
      if (req.httpVersionMinor === 0) return badRequest("HTTP/1.0 has no Transfer-Encoding.");
      if (length !== undefined) return badRequest("Content-Length beside Transfer-Encoding.");
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length))
      return badRequest("Malformed Content-Length.");
    return undefined;
  }

  function host(req: IncomingMessage, facts: Facts, visit: Visit): RelayError | undefined {
    const isOld = req.httpVersionMinor === 0;
    if (facts.hosts > 1) return badRequest("More than one Host.");
    if (facts.hosts === 0 && !isOld) return badRequest("Host is missing.");
    let name = facts.host;
    if (!visit.target.startsWith("/")) {
      const absolute = fromAbsoluteForm(visit.target);
      if (!absolute) return badRequest("The request target must start with a slash.");
      name = absolute.host;
      visit.target = absolute.target;
    } else if (facts.hosts === 0) return undefined;
    const verdict = checkHost(name);
    if (verdict === "malformed") return badRequest("Malformed Host.");
    return verdict === "foreign" ? hostNotAllowed(name) : undefined;
  }

  /** Browsers name the origin of a page, or at least how far it is from here (Fetch Metadata). */
  function page(req: IncomingMessage, facts: Facts, visit: Visit): RelayError | undefined {
    const { origin, site } = facts;
    if (origin !== undefined) {
      if (!origins.has(origin)) return originNotAllowed(origin);
      visit.origin = origin;
      if (req.method === "OPTIONS" && facts.asksForMethod) visit.isPreflight = true;
    } else if (site !== undefined && site !== "none" && site !== "same-origin") {
      return originNotAllowed("another site");
    } else if (site === "same-origin" && visit.target === "/favicon.ico") {
      // Browsers fetch it for whatever they show, be it a refusal that another site led them to.
      return unknownPath(visit.target);
    }
    return undefined;
  }

  /** The inspector is for no page but its own: not even for those of allowed origins. */
  function stranger(req: IncomingMessage, facts: Facts): RelayError | undefined {
    const { origin, site, host } = facts;
    if (site !== undefined && site !== "none" && site !== "same-origin")
      return ownPageOnly("another site");
    const own = `${"encrypted" in req.socket ? "https" : "http"}://${host.toLowerCase()}`;
    return origin === undefined || origin === own ? undefined : ownPageOnly(origin);
  }

  function token(facts: Facts, visit: Visit): RelayError | undefined {
    // A browser cannot show one when somebody opens a page.
    if (visit.isOfPage) return undefined;
    const { client, refusal } = checkToken(facts);
    if (client !== undefined) visit.client = client;
    return refusal;
  }

  /** What is asked for. An upstream that echoes a TRACE would hand out the key (RFC 9110 9.3.8). */
  function wish(req: IncomingMessage, visit: Visit): RelayError | undefined {
    if (req.method === "TRACE") return methodNotAllowed("TRACE");
    return checkTarget(visit.target, config.limits.target);
  }
}
