import { setDefaultResultOrder } from "node:dns";
import { setDefaultAutoSelectFamily } from "node:net";
import type { Config } from "../config/settings.ts";
import type { CurlOptions } from "./options.ts";

/** Puts what the options say of connections where this process looks for it. */
export function applyWay(options: CurlOptions, config: Config): void {
  const { connectTimeout, noproxy, ipv4, ipv6 } = options;
  if (connectTimeout) config.timeouts.connect = connectTimeout * 1000;
  if (noproxy !== undefined) {
    process.env.no_proxy = noproxy;
    // It counts for the proxy of the settings too, as in curl; only the environment's knows of it.
    if (!/^(?:env|off)$/.test(config.proxy)) {
      process.env.https_proxy = process.env.http_proxy = config.proxy;
      config.proxy = "env";
    }
  }
  if (ipv4 || ipv6) {
    setDefaultResultOrder(ipv4 ? "ipv4first" : "ipv6first");
    // Else both kinds of address would be tried.
    setDefaultAutoSelectFamily(false);
  }
}
