import type { RelayUrl } from "../client/relay-url.ts";
import type { Config } from "../config/settings.ts";
import type { HeaderList } from "../exchange.ts";
import { isAdminOperation } from "../forward/operations.ts";
import { joinTarget, toOperationPath } from "../forward/url.ts";
import { shellWord } from "../shell-word.ts";
import type { Body } from "./body.ts";
import type { Call } from "./curl.ts";
import { createHeaders, parseLine } from "./headers.ts";
import type { CurlOptions } from "./options.ts";
import { toExchange } from "./request.ts";
import { type Route, standIn } from "./route.ts";
import { ofCurl } from "./spelling.ts";
import { toTarget } from "./target.ts";

type Line = { name: string; value: string };

/** The line that makes the same call with curl: what the relay adds is written out, but for the key. */
export async function equivalent(call: Call, route: Route): Promise<string> {
  const { where, options, config, words } = call;
  const [base] = route.bases;
  const target = toTarget(where, route.bases);
  const url = base.origin + joinTarget(base, target);
  const added = await addedLines(options, route, target);
  const key = `$${variableOf(config, target)}`;

  const parts = ["curl"];
  for (const { option, value } of words) {
    if (!option || !ofCurl.has(option) || option.long === "--url") continue;
    const [line] = option.long === "--header" ? parseLine(value!) : [];
    if (line && added.some(({ name }) => isSame(name, line.name))) continue;
    parts.push(option.short ?? option.long!);
    if (line && isCredential.test(line.name)) parts.push(secretLine(line.name, line.value, key));
    else if (value !== undefined) parts.push(shellWord(value));
  }
  // For curl, brackets in a URL are a pattern.
  if (/[[\]{}]/.test(url) && !parts.includes("-g")) parts.push("-g");
  parts.push(...(options.relay ? entrance(options.relay, config) : connection(config)));
  for (const { name, value } of added) {
    const isKey = value.endsWith(standIn);
    parts.push("-H", isKey ? secretLine(name, value, key) : shellWord(`${name}: ${value}`));
  }
  return [...parts, shellWord(url)].join(" ");
}

/** A header line with a variable of the shell in place of what is secret. */
function secretLine(name: string, value: string | undefined, variable: string): string {
  const before = `${name}: ${/^bearer /i.test(value ?? "") ? "Bearer " : ""}`;
  // Between double quotes a shell would act on some of the signs that names may have.
  return /^[\w: -]+$/.test(before) ? `"${before}${variable}"` : `${shellWord(before)}"${variable}"`;
}

const isCredential = /authorization|cookie|key|token/i;

/** The lines that the relay puts on, or changes. */
async function addedLines(options: CurlOptions, route: Route, target: string): Promise<Line[]> {
  const body = likeBody(options);
  const headers = await createHeaders(options, body, { host: "", agent: "" });
  const own = toLines(headers);
  const exchange = {
    ...toExchange({ method: "", target, headers, body: null }),
    body: body && empty,
  };
  return toLines(route.toWire(exchange)).filter(({ name, value }) => {
    return !isSame(name, "host") && !own.some((one) => one.name === name && one.value === value);
  });
}

const empty = Buffer.alloc(0);

/** Stands for the body, of which only the media type counts here: nothing is read. */
function likeBody({ get, body, uploadFile }: CurlOptions): Body | null {
  if (uploadFile) return { content: empty, length: 0 };
  return body && !get ? { content: empty, length: 0, type: "known to curl" } : null;
}

/** How the relay is reached, and entered where it asks for a token. */
function entrance({ socketPath }: RelayUrl, { tokens }: Config): string[] {
  const way = socketPath ? ["--unix-socket", shellWord(socketPath)] : [];
  return tokens.length > 0 ? [...way, "-H", '"x-relay-token: $RELAY_TOKENS"'] : way;
}

/** The settings that curl has to be told, too. */
function connection({ proxy, ca }: Config): string[] {
  const parts = ca ? ["--cacert", shellWord(ca)] : [];
  if (proxy === "off") return [...parts, "--noproxy", shellWord("*")];
  if (proxy === "env") return parts;
  const url = new URL(proxy);
  url.username = url.password = "";
  return [...parts, "-x", shellWord(url.href)];
}

function variableOf({ adminKeyFile }: Config, target: string): string {
  const hasAdmin = adminKeyFile !== "" || process.env.OPENAI_ADMIN_KEY;
  return hasAdmin && isAdminOperation(toOperationPath(target))
    ? "OPENAI_ADMIN_KEY"
    : "OPENAI_API_KEY";
}

function toLines(headers: HeaderList): Line[] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? { name, value: headers[i + 1]! } : []));
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
