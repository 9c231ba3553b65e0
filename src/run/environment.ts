/** How clients reach the relay. */
export type Access = {
  /** `http://127.0.0.1:port/v1`. */
  baseUrl: string;
  /** What the relay asks for as the key; `undefined`: each client's own key. */
  token: string | undefined;
};

type Env = NodeJS.ProcessEnv;

/** The environment of the command: what clients read leads to the relay, and no key is in it. */
export function toClientEnvironment(env: Env, access: Access, secrets: readonly string[]): Env {
  const { token } = access;
  const kept: Env = {};
  // A key under another name becomes the token: who reads it there can use it.
  for (const [name, value = ""] of Object.entries(env))
    if (!isOwn(name, token)) kept[name] = replaceAll(value, secrets, token ?? "");
  return { OPENAI_AGENTS_DISABLE_TRACING: "1", ...kept, ...noProxy(env), ...addresses(access) };
}

/** What this relay is set up with; its keys may be among it. */
function isOwn(name: string, token: string | undefined): boolean {
  // Windows tells no case apart in names.
  const plain = process.platform === "win32" ? name.toUpperCase() : name;
  const isKey = plain === "OPENAI_API_KEY" || plain === "OPENAI_ADMIN_KEY";
  return plain.startsWith("RELAY_") || (isKey && token !== undefined);
}

/**
 * OpenAI's SDKs read the first name, LangChain the second, the Agents SDK the third; that one also
 * sends traces to OpenAI itself, past every base URL, where the token is worth nothing. A relay that
 * the command starts finds this one by the last name.
 */
function addresses({ baseUrl, token }: Access): Env {
  return {
    OPENAI_BASE_URL: baseUrl,
    OPENAI_API_BASE: baseUrl,
    OPENAI_WEBSOCKET_BASE_URL: baseUrl.replace(/^http/, "ws"),
    RELAY_UPSTREAM: baseUrl,
    ...(token !== undefined && { OPENAI_API_KEY: token }),
  };
}

function replaceAll(text: string, parts: readonly string[], by: string): string {
  return parts.reduce((result, part) => result.replaceAll(part, by), text);
}

/** Where a proxy is set, clients would ask it for the way to the relay. */
function noProxy(env: Env): Env {
  const isSet = (name: string) => Boolean(env[name] || env[name.toUpperCase()]);
  if (!["http_proxy", "https_proxy", "all_proxy"].some(isSet)) return {};
  const extend = (list: string) => {
    const hosts = list.split(/[,\s]+/).filter(Boolean);
    if (hosts.includes("*")) return list;
    return [...new Set([...hosts, "127.0.0.1", "localhost"])].join(",");
  };
  // Some clients read the one name, some the other, and some only one of them.
  const { NO_PROXY: upper, no_proxy: lower } = env;
  return { NO_PROXY: extend(upper || lower || ""), no_proxy: extend(lower || upper || "") };
}
