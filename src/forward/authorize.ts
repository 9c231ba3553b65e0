import type { Config } from "../config/settings.ts";
import { keyMissing, RelayError, relayBug } from "../errors.ts";
import type { Exchange, Reply } from "../exchange.ts";
import type { Key } from "../key/holder.ts";
import type { Keys } from "../key/keys.ts";
import { isAdminOperation } from "./operations.ts";
import { ephemeralIn } from "./request-headers.ts";
import { toOperationPath } from "./url.ts";

/** Calls `send` with the key for an exchange, `undefined` where the client's own authorization stays. */
export type Authorize = (
  exchange: Exchange,
  reply: Reply,
  send: (key: Key | undefined) => void,
) => void;

/** Finds the key that an exchange goes up with; refuses the exchange when there is none. */
export function createAuthorize(config: Config, keys: Keys): Authorize {
  const isTold = config.keys.length > 0;

  return function authorize(exchange, reply, send) {
    // An ephemeral client secret is all the authorization that its request needs.
    if (config.auth === "passthrough" || ephemeralIn(exchange.headers) !== undefined) {
      send(undefined);
      return;
    }
    const path = toOperationPath(exchange.target);
    const found = keys.find(path, isAdminOperation(path), exchange.fields?.model);
    if (found instanceof Promise) found.then(sendLate, failed).catch(failed);
    else sendWith(found);

    function sendLate(key: Key | undefined): void {
      if (!reply.over) sendWith(key);
    }

    function sendWith(key: Key | undefined): void {
      if (isTold && key !== undefined) exchange.key = key.name;
      if (key !== undefined) send(key);
      else reply.fail(keyMissing(keys.missing));
    }

    function failed(cause: unknown): void {
      reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
    }
  };
}
