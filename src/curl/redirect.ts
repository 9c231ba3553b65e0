import type { HeaderList } from "../exchange.ts";
import type { Base } from "../forward/url.ts";
import { headerOf } from "../header-list.ts";
import { badUsage } from "./failure.ts";
import type { CurlOptions } from "./options.ts";
import { toTarget } from "./target.ts";

/** Where an answer says to go on, whole; `undefined` when it does not. */
export function redirectOf(status: number, headers: HeaderList, url: string): string | undefined {
  const location = headerOf(headers, "location");
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return URL.parse(location, url)?.href;
}

/** The target within the upstream; `undefined` for what lies elsewhere, where the key does not go. */
export function targetWithin(url: string, bases: Base[]): string | undefined {
  try {
    return toTarget(url, bases);
  } catch {
    return undefined;
  }
}

/** What is asked after a redirect: as browsers do, data is posted once except after 307 and 308. */
export function optionsAfter(status: number, options: CurlOptions): CurlOptions {
  const { body, urlQuery, get, uploadFile, ...rest } = options;
  if (status === 303 || get || (body && status < 303)) return rest;
  if (uploadFile === "-") throw badUsage("-L: standard input cannot be sent a second time");
  return { ...rest, ...(body && { body }), ...(uploadFile && { uploadFile }) };
}
