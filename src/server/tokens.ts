import { hash, timingSafeEqual } from "node:crypto";
import type { Config } from "../config/settings.ts";
import { keyInProtocols } from "../subprotocol.ts";
import type { Facts } from "./facts.ts";

/** Finds the name of the client token that a request carries; `undefined`: none that is known. */
export type TokenCheck = (facts: Facts) => string | undefined;

/** `undefined` when no tokens are configured. Compares digests, so that time tells nothing. */
export function createTokenCheck({ auth, tokens }: Config): TokenCheck | undefined {
  if (tokens.length === 0) return undefined;
  const known = tokens.map((token, index) => ({
    name: `token ${index + 1}`,
    digest: sha256(token),
  }));

  function nameOf(given: string): string | undefined {
    if (given === "") return undefined;
    const digest = sha256(given);
    let found: string | undefined;
    for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token.name;
    return found;
  }

  return function check({ relayToken, apiKey, authorization, protocols }) {
    const own = nameOf(relayToken);
    // Under passthrough the other two carry the client's own key, and travel on.
    if (own !== undefined || auth === "passthrough") return own;
    return (
      nameOf(apiKey) ??
      nameOf(authorization.replace(/^bearer +/i, "")) ??
      nameOf(keyInProtocols(protocols))
    );
  };
}

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
