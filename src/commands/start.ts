import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { ExitError } from "../exit.ts";
import { createKeys } from "../key/keys.ts";
import { keyRemarks } from "../key/remarks.ts";
import { createLogger, createRequestLog } from "../observe/log.ts";
import { type Relay, startRelay } from "../relay.ts";
import { isDue } from "../tls/credentials.ts";
import { version } from "../version.ts";
import { environmentRemarks, protectProcess } from "./protect.ts";

export const start = addSettingFlags(
  new Command("start")
    .description("Start the relay and serve until it is told to stop")
    .option("--json", "print one JSON object instead of the base URL once it listens"),
).action(async (options: { json?: true; quiet?: true }, command: Command) => {
  protectProcess();
  const loaded = await loadConfig(settingFlags(command));
  const keys = await keyRemarks(loaded.config, process.env);
  for (const remark of [...loaded.remarks, ...environmentRemarks(), ...keys])
    process.stderr.write(`${remark}\n`);

  const logger = await createLogger(loaded.config);
  const relay = await startRelay(loaded.config, [createRequestLog(logger)]).catch(explainListen);
  stopOnSignals(relay);
  if (relay.certificateUntil && isDue(relay.certificateUntil))
    process.stderr.write(`${certificateRemark(relay.certificateUntil)}\n`);
  const baseUrl = `${relay.server.url}/v1`;
  if (!options.quiet) process.stderr.write(await banner(loaded, relay, baseUrl));
  process.stdout.write(`${options.json ? JSON.stringify(describe(loaded, relay)) : baseUrl}\n`);
});

function certificateRemark(until: Date): string {
  const verb = until.getTime() < Date.now() ? "expired" : "expires";
  const day = until.toISOString().slice(0, 10);
  return `The TLS certificate ${verb} on ${day}. Run "relay tls", or replace tlsCert.`;
}

function describe({ config, files }: Loaded, relay: Relay): Record<string, unknown> {
  const { server } = relay;
  const upstream = config.mock ? "mock" : config.upstream;
  const tls = relay.certificateUntil !== undefined;
  const { pid } = process;
  return { url: `${server.url}/v1`, port: server.port, tls, pid, version, upstream, config: files };
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
  return Promise.race([asked, setTimeout(keychainMs, "the system's keychain, if it has one")]);
}

const missing = 'none: set OPENAI_API_KEY and start again, run "relay key set", or try --mock';

async function banner({ config, files }: Loaded, relay: Relay, baseUrl: string): Promise<string> {
  const rows = [
    ["Relay", `${baseUrl}  →  ${config.mock ? "the built-in mock" : config.upstream}`],
    ...(config.mock ? [] : [["Key", await whereKeyIs(config)]]),
    ...(relay.certificateUntil ? [["TLS", "https:// and wss:// on the same port"]] : []),
    ...(files.length > 0 ? [["Config", files.join(", ")]] : []),
  ];
  const lines = rows.map(([name, value]) => `  ${name!.padEnd(8)}${value}`);
  const clientKey = wantsToken(config) ? "<client token>" : "relay";
  return `
openai-relay ${version}, ready in ${Math.round(performance.now())} ms

${lines.join("\n")}

  export OPENAI_BASE_URL=${baseUrl} OPENAI_API_KEY=${clientKey}

Ctrl+C stops it.
`;
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

async function explainListen(error: NodeJS.ErrnoException & { port?: number }): Promise<never> {
  if (error.code === "EADDRINUSE") {
    const { whoListens } = await import("./port.ts");
    const who = await whoListens(error.port!);
    const next = "Stop it, or start with --port 0 for a free port.";
    throw new ExitError(1, `Port ${error.port} is in use${who ? ` by ${who}` : ""}. ${next}`);
  }
  if (error.code === "EACCES")
    throw new ExitError(1, `Port ${error.port} needs more rights. Choose one above 1023.`);
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    throw new ExitError(3, `host is not an address of this machine (${error.message}).`);
  throw error;
}
