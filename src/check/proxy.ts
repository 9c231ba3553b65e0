import { getProxyForUrl } from "proxy-from-env";
import { ConfigError } from "../config/error.ts";
import type { Config } from "../config/settings.ts";
import { proxyFor } from "../upstream/proxy.ts";
import { CheckFailure, type Finding, type Seen, type Step } from "./step.ts";

/** Which proxy is in force, and whether clients would ask one for the way to the relay. */
export function proxyStep(config: Config, seen: Seen): Step {
  function run(): Finding {
    const set = variablesSet();
    const detail = `${inForce(config, seen)}${set.length > 0 ? ` (${set.join(", ")} set)` : ""}`;
    const asked = detours(config);
    if (asked === undefined) return { detail };
    const hint =
      "Set NO_PROXY=localhost,127.0.0.1,::1 (and no_proxy) where the clients run. relay run does so.";
    const detour = `clients would ask ${asked} for the way to the relay`;
    return { status: "warning", detail: `${detail}; ${detour}`, hint };
  }
  return { name: "proxy", needs: ["config"], run };
}

function inForce(config: Config, seen: Seen): string {
  if (config.mock) return "none: the mock needs no network";
  try {
    const proxy = proxyFor(config);
    if (proxy) {
      seen.proxy = proxy.host;
      return `${shown(proxy)}, by ${config.proxy === "env" ? nameOf(config) : "the setting proxy"}`;
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const name = nameOf(config);
    const hint = `Set ${name} to a URL such as http://proxy:3128, or pass --proxy off.`;
    throw new CheckFailure(3, `${name} is no URL of an HTTP proxy`, hint);
  }
  if (config.proxy === "off") return "none: the setting proxy is off";
  return variablesSet().length > 0 ? "none for this upstream" : "none";
}

const names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

/** The variables that speak of proxies, spelled as they are set. */
function variablesSet(): string[] {
  return names.flatMap((name) => spelled(name) ?? []);
}

/** Which variable names the upstream's proxy. */
function nameOf({ upstream }: Config): string {
  const own = upstream.startsWith("https:") ? "HTTPS_PROXY" : "HTTP_PROXY";
  return spelled(own) ?? spelled("ALL_PROXY") ?? own;
}

function spelled(name: string): string | undefined {
  return [name.toLowerCase(), name].find((one) => process.env[one]);
}

/** The proxy that clients would ask for the relay itself; the relay's own way is never that. */
function detours({ port }: Config): string | undefined {
  for (const host of ["localhost", "127.0.0.1"]) {
    const proxy = getProxyForUrl(`http://${host}:${port || 8484}`);
    if (proxy !== "") return URL.canParse(proxy) ? shown(new URL(proxy)) : "a proxy";
  }
  return undefined;
}

/** Without user and password. */
function shown({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}
