import type { Config } from "../config/settings.ts";
import { keyMissing, RelayError, relayBug } from "../errors.ts";
import type { Exchange, Reply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { KeySource } from "../upstream/key.ts";
import { isAdminOperation } from "./operations.ts";
import { isEphemeral } from "./request-headers.ts";
import { toOperationPath } from "./url.ts";

/** Calls `send` with the key for an exchange, `undefined` where the client's own authorization stays. */
export type Authorize = (
  exchange: Exchange,
  reply: Reply,
  send: (key: string | undefined) => void,
) => void;

/** Finds the key that an exchange goes up with; refuses the exchange when there is none. */
export function createAuthorize(config: Config, keys: KeySource): Authorize {
  return function authorize(exchange, reply, send) {
    if (config.auth === "passthrough") {
      send(undefined);
      return;
    }
    const isAdmin = isAdminOperation(toOperationPath(exchange.target));
    const key = isAdmin ? keys.adminKey() : keys.key();
    if (typeof key === "string") send(key);
    else if (key === undefined) sendWithout();
    else key.then(sendLate, failed).catch(failed);

    function sendLate(late: string | undefined): void {
      if (!reply.over) send(late);
    }

    function sendWithout(): void {
      // An ephemeral client secret is all the authorization that its request needs.
      if (isEphemeral(headerOf(exchange.headers, "authorization") ?? "")) send(undefined);
      else reply.fail(keyMissing(noKey));
    }

    function failed(cause: unknown): void {
      reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
    }
  };
}

const noKey =
  "The relay has no API key. Set OPENAI_API_KEY (or keyFile, keyCommand) and start it again.";
