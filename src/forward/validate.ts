import type { Config } from "../config/settings.ts";
import { type RelayError, unsupportedMediaType } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { headerOf } from "../header-list.ts";

/** The check that `validate` asks for: the media type of a body must be an accepted one (415). */
export function createValidation(config: Config): (exchange: Exchange) => RelayError | undefined {
  const accepted = new Set(config.contentTypes.map((type) => type.toLowerCase()));

  return function validate(exchange) {
    if (exchange.body === null) return undefined;
    const sent = headerOf(exchange.headers, "content-type");
    if (sent === undefined && config.defaultContentType) return undefined;
    const type = (sent ?? "").split(";", 1)[0]!.trim().toLowerCase();
    if (accepted.has(type) || type.endsWith("+json")) return undefined;
    return unsupportedMediaType(type, config.contentTypes);
  };
}
