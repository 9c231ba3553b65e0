import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { createKeys } from "../key/keys.ts";
import { keyRemarks } from "../key/remarks.ts";
import { createLogger, createRequestLog } from "../observe/log.ts";
import { type Relay, startRelay } from "../relay.ts";
import { isDue } from "../tls/credentials.ts";
import { version } from "../version.ts";
import { explainListen } from "./listen-failure.ts";
import { environmentRemarks } from "./protect.ts";
import { boundYoungGeneration } from "./young-generation.ts";

export const start = addSettingFlags(
  new Command("start")
    .description("Start the relay and serve until it is told to stop")
    .option("--json", "print one JSON object instead of the base URL once it listens"),
).action(async (options: { json?: true; quiet?: true }, command: Command) => {
  const loaded = await loadConfig(settingFlags(command));
  const keys = await keyRemarks(loaded.config, process.env);
  for (const remark of [...loaded.remarks, ...environmentRemarks(), ...keys])
    process.stderr.write(`${remark}\n`);

  const logger = await createLogger(loaded.config);
  const relay = await startRelay(loaded.config, [createRequestLog(logger)]).catch((error) =>
    explainListen(error, loaded),
  );
  stopOnSignals(relay);
  boundYoungGeneration();
  if (relay.certificateUntil && isDue(relay.certificateUntil))
    process.stderr.write(`${certificateRemark(relay.certificateUntil)}\n`);
  if (!options.quiet) process.stderr.write(await banner(loaded, relay));
  const told = options.json ? JSON.stringify(describe(loaded, relay)) : whereIs(loaded, relay);
  process.stdout.write(`${told}\n`);
});

function certificateRemark(until: Date): string {
  const verb = until.getTime() < Date.now() ? "expired" : "expires";
  const day = until.toISOString().slice(0, 10);
  return `The TLS certificate ${verb} on ${day}. Run "relay tls", or replace tlsCert.`;
}

/** The base URL; of a Unix socket what `--relay` of the other commands takes. */
function whereIs({ config: { socket } }: Loaded, { server }: Relay): string {
  return socket === "" ? `${server.url}/v1` : `unix:${socket}`;
}

function describe({ config, files }: Loaded, relay: Relay): Record<string, unknown> {
  const { server } = relay;
  const where = config.socket === "" ? { port: server.port } : { socket: config.socket };
  const upstream = config.mock ? "mock" : config.upstream;
  const tls = relay.certificateUntil !== undefined;
  const { pid } = process;
  return { url: `${server.url}/v1`, ...where, tls, pid, version, upstream, config: files };
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

async function banner(loaded: Loaded, relay: Relay): Promise<string> {
  const { config, files } = loaded;
  const rows = [
    [
      "Relay",
      `${whereIs(loaded, relay)}  →  ${config.mock ? "the built-in mock" : config.upstream}`,
    ],
    ...(isEverywhere(config) ? [["Open to", "every address of this machine"]] : []),
    ...(config.mock ? [] : [["Key", await whereKeyIs(config)]]),
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

function isEverywhere({ host, socket }: Config): boolean {
  return socket === "" && (host === "0.0.0.0" || host === "::");
}

function howToCall(loaded: Loaded, relay: Relay): string {
  const { config } = loaded;
  const token = wantsToken(config) ? "<client token>" : "relay";
  if (config.socket === "")
    return `export OPENAI_BASE_URL=${whereIs(loaded, relay)} OPENAI_API_KEY=${token}`;
  const path = /^[\w./-]+$/.test(config.socket)
    ? config.socket
    : `'${config.socket.replaceAll("'", "'\\''")}'`;
  const pass = wantsToken(config) ? ' -H "x-relay-token: <client token>"' : "";
  return `curl --unix-socket ${path} ${relay.server.url}/v1/models${pass}`;
}

/** One Ctrl+C can arrive twice, from the terminal and from npm, within milliseconds. */
const sameSignalMs = 300;

/** First signal: live answers may finish, exit 0. Second: cut now, exit 130 or 143. */
function stopOnSignals(relay: Relay): void {
  let since: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (performance.now() - since < sameSignalMs) return;
      relay.server.cut();
      process.exit(signal === "SIGINT" ? 130 : 143);
    }
    since = performance.now();
    const waiting = describeLive(relay);
    if (waiting !== "") process.stderr.write(`Waiting for ${waiting}; again cuts.\n`);
    relay.stop().then(
      () => process.exit(0),
      (error: Error) => {
        process.stderr.write(`The relay did not stop as it should: ${error.message}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** `2 live answers and 1 WebSocket`; empty when nothing is open. */
function describeLive({ server: { live, tunnels } }: Relay): string {
  const answers = live > 0 ? [`${live} live answer${live > 1 ? "s" : ""}`] : [];
  const sockets = tunnels > 0 ? [`${tunnels} WebSocket${tunnels > 1 ? "s" : ""}`] : [];
  return [...answers, ...sockets].join(" and ");
}
