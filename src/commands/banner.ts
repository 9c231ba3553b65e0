import { setTimeout } from "node:timers/promises";
import type { Loaded } from "../config/load.ts";
import { isOffline } from "../config/offline.ts";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { createKeys } from "../key/keys.ts";
import type { Serving } from "../relay.ts";
import { version } from "../version.ts";

/** The base URL; of a Unix socket what `--relay` of the other commands takes. */
export function whereIs({ config: { socket } }: Loaded, { server }: Serving): string {
  return socket === "" ? `${server.url}/v1` : `unix:${socket}`;
}

/** Milliseconds that a keychain has to answer before the relay says that it is ready. */
const keychainMs = 300;

/** Where the key comes from. The keychain is asked only where there is nothing else, as for a call. */
async function whereKeyIs(config: Config): Promise<string> {
  if (config.auth === "passthrough") return "each client's own";
  const keys = createKeys(config, process.env);
  if (keys.source) return keys.source;
  const asked = Promise.resolve(keys.find("/v1/models", false, undefined)).then(
    (key) => key?.source ?? missing,
    ({ message }: Error) => message,
  );
  // Not before: it may be asking the user to unlock it.
  asked.finally(() => keys.close());
  return Promise.race([
    asked,
    setTimeout(keychainMs, "the system's keychain, if it has one; else set OPENAI_API_KEY"),
  ]);
}

const missing = 'none: set OPENAI_API_KEY and start again, run "relay key set", or try --mock';

/** What `relay start` says once it listens: where it is, whose key it has, how to call it. */
export async function banner(loaded: Loaded, relay: Serving): Promise<string> {
  const { config, files } = loaded;
  const rows = [
    ["Relay", `${whereIs(loaded, relay)}  →  ${answererOf(config)}`],
    ...tapeRow(config),
    ...(isEverywhere(config) ? [["Open to", "every address of this machine"]] : []),
    ...(isKeyless(config) ? [] : [["Key", await whereKeyIs(config)]]),
    ...(relay.certificateUntil ? [["TLS", "https:// and wss:// on the same port"]] : []),
    ...(files.length > 0 ? [["Config", files.join(", ")]] : []),
  ];
  const lines = rows.map(([name, value]) => `  ${name!.padEnd(8)}${value}`);
  return `
openai-relay ${version}, ready in ${Math.round(performance.now())} ms

${lines.join("\n")}

  ${howToCall(loaded, relay)}

Ctrl+C stops it.
`;
}

/** Who answers, in words. */
function answererOf(config: Config): string {
  if (isOffline(config, process.env)) return "a tape; no key needed, no network";
  return config.mock ? "the built-in mock" : config.upstream;
}

function isKeyless(config: Config): boolean {
  return config.mock || isOffline(config, process.env);
}

function tapeRow({ record, replay, tape }: Config): string[][] {
  const what = record ? "records into" : tape ? "replays, and records what is missing," : "replays";
  const folder = record || tape || replay;
  return folder === "" ? [] : [["Tape", `${what} ${folder}`]];
}

function isEverywhere({ host, socket }: Config): boolean {
  return socket === "" && (host === "0.0.0.0" || host === "::");
}

function howToCall(loaded: Loaded, relay: Serving): string {
  const { config } = loaded;
  const token = wantsToken(config) ? "'<client token>'" : "relay";
  if (config.socket === "") {
    const base = `export OPENAI_BASE_URL=${whereIs(loaded, relay)}`;
    // The clients' own keys are what passes: a line to paste must not replace them.
    return config.auth === "passthrough" ? base : `${base} OPENAI_API_KEY=${token}`;
  }
  const path = /^[\w./-]+$/.test(config.socket)
    ? config.socket
    : `'${config.socket.replaceAll("'", "'\\''")}'`;
  const pass = wantsToken(config) ? ' -H "x-relay-token: <client token>"' : "";
  return `curl --unix-socket ${path} ${relay.server.url}/v1/models${pass}`;
}
