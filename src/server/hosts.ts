import { isIP } from "node:net";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";

/** RFC 3986 section 3.2.2, as far as a Host header may use it. */
const syntax = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::(\d{1,5}))?$/;

export type HostCheck = (host: string) => "allowed" | "foreign" | "malformed";

/**
 * Which names the relay answers to: the only defence against a web page whose name was re-pointed at
 * this machine (DNS rebinding), for to the browser such a page is of the same origin.
 */
export function createHostCheck(config: Config, port: () => number): HostCheck {
  const allowed = new Set(config.allowedHosts.map((host) => host.toLowerCase()));
  const own = new Set(["127.0.0.1", "localhost", "[::1]", config.host, `[${config.host}]`]);
  const wide = !isLoopback(config.host);
  let last: string | undefined;

  return function check(host) {
    // Nearly every request says the same as the one before it.
    if (host === last) return "allowed";
    const verdict = judge(host);
    if (verdict === "allowed") last = host;
    return verdict;
  };

  function judge(host: string): ReturnType<HostCheck> {
    const lower = host.toLowerCase();
    const match = syntax.exec(lower);
    if (!match) return "malformed";
    // No page of any name reaches a Unix socket, and clients name what they like there.
    if (config.socket !== "") return "allowed";
    const name = match[1]!;
    if (allowed.has(lower) || allowed.has(name)) return "allowed";
    if (match[2] !== undefined && Number(match[2]) !== port()) return "foreign";
    // Rebinding needs a name: an address cannot be re-pointed. A wide bind has tokens besides.
    const isOwn = own.has(name) || (wide && isIP(name.replace(/^\[|\]$/g, "")) !== 0);
    return isOwn ? "allowed" : "foreign";
  }
}
