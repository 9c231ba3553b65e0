import { hash, timingSafeEqual } from "node:crypto";
import { isExpired, looksStored } from "../config/client-tokens.ts";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { expiredToken, invalidToken, misplacedToken, type RelayError } from "../errors.ts";
import { keyInProtocols } from "../subprotocol.ts";
import { keepSecret } from "../tellable.ts";
import type { Facts } from "./facts.ts";
import { followStored, type Known } from "./stored-tokens.ts";

/** Whose token a request carries, and why it may not come in. */
export type Verdict = { client?: string; refusal?: RelayError };

/** Looks for a client token in all places where one may stand. */
export type TokenCheck = (facts: Facts) => Verdict;

/**
 * The tokens of the settings, and those of `relay token` as they are at the moment of the request. Where
 * none is asked for, one that is known still tells who it is.
 */
export function createTokenCheck(config: Config, env: NodeJS.ProcessEnv): TokenCheck {
  const configured = config.tokens.map((token, index) => ({
    name: `token ${index + 1}`,
    digest: sha256(token),
  }));
  config.tokens.forEach(keepSecret);
  const stored = followStored(env);
  const isWanted = wantsToken(config);
  return config.auth === "passthrough" ? checkPassing : check;

  function check(facts: Facts): Verdict {
    const { relayToken, apiKey, authorization, protocols } = facts;
    return judge(
      find(relayToken),
      find(apiKey),
      find(authorization.replace(/^bearer +/i, "")),
      find(keyInProtocols(protocols)),
    );
  }

  /** All places but one carry the client's own key and travel on: a token has no business there. */
  function checkPassing({ relayToken, apiKey, authorization, protocols }: Facts): Verdict {
    const passing = [apiKey, authorization, protocols].flatMap((value) => [
      value,
      ...value.split(/[\s,]+/).map((word) => keyInProtocols(word) || word),
    ]);
    if (passing.some(find)) return { refusal: misplacedToken() };
    return judge(find(relayToken));
  }

  function judge(...found: (Known | undefined)[]): Verdict {
    const known = found.filter((token) => token !== undefined);
    const good = known.find((token) => !isExpired(token));
    if (good) return { client: good.name };
    if (!isWanted) return {};
    return { refusal: known.length > 0 ? expiredToken() : invalidToken() };
  }

  /** Compares digests, and with all of them, so that the time it takes tells nothing. */
  function find(given: string): Known | undefined {
    const others = looksStored(given) ? stored() : [];
    if (given === "" || configured.length + others.length === 0) return undefined;
    const digest = sha256(given);
    let found: Known | undefined;
    for (const token of configured) if (timingSafeEqual(token.digest, digest)) found = token;
    for (const token of others) if (timingSafeEqual(token.digest, digest)) found = token;
    return found;
  }
}

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
