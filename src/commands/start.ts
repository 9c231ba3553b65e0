import { Command } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { keyRemarks } from "../key/remarks.ts";
import { createLogger, createRequestLog } from "../observe/log.ts";
import { type Relay, startRelay } from "../relay.ts";
import { isDue } from "../tls/credentials.ts";
import { version } from "../version.ts";
import { banner, whereIs } from "./banner.ts";
import { reloadOnHangup } from "./hangup.ts";
import { explainListen } from "./listen-failure.ts";
import { environmentRemarks } from "./protect.ts";
import { stopOnSignals } from "./stop.ts";
import { boundYoungGeneration } from "./young-generation.ts";

export const start = addSettingFlags(
  new Command("start")
    .description("Start the relay and serve until it is told to stop")
    .option("--json", "print one JSON object instead of the base URL once it listens")
    .addHelpText("after", examples()),
).action(async (options: { json?: true; quiet?: true }, command: Command) => {
  const input = settingFlags(command);
  const loaded = await loadConfig(input);
  const keys = await keyRemarks(loaded.config, process.env);
  for (const remark of [...loaded.remarks, ...environmentRemarks(), ...keys])
    process.stderr.write(`${remark}\n`);

  const logger = await createLogger(loaded.config);
  const relay = await startRelay(loaded.config, [createRequestLog(logger)]).catch((error) =>
    explainListen(error, loaded),
  );
  const stop = stopOnSignals(relay);
  reloadOnHangup({ input, loaded, relay, logger, stop });
  boundYoungGeneration();
  if (relay.certificateUntil && isDue(relay.certificateUntil))
    process.stderr.write(`${certificateRemark(relay.certificateUntil)}\n`);
  if (!options.quiet) process.stderr.write(await banner(loaded, relay));
  const told = options.json ? JSON.stringify(describe(loaded, relay)) : whereIs(loaded, relay);
  process.stdout.write(`${told}\n`);
});

function examples(): string {
  return `
Each setting is a flag, an environment variable and an entry of the config file ("relay config show
--origin" says which one is in force). The key is not among them: it comes from OPENAI_API_KEY, --key-file,
--dotenv or the system's keychain ("relay key").

Examples:
  relay start
  relay start --mock --port 0
  relay start --key-file ~/.openai/key --log-format json
  relay start --host 0.0.0.0           asks for client tokens: "relay token new"`;
}

function certificateRemark(until: Date): string {
  const verb = until.getTime() < Date.now() ? "expired" : "expires";
  const day = until.toISOString().slice(0, 10);
  return `The TLS certificate ${verb} on ${day}. Run "relay tls", or replace tlsCert.`;
}

function describe({ config, files }: Loaded, relay: Relay): Record<string, unknown> {
  const { server } = relay;
  const where = config.socket === "" ? { port: server.port } : { socket: config.socket };
  const upstream = config.mock ? "mock" : config.upstream;
  const tls = relay.certificateUntil !== undefined;
  const { pid } = process;
  return { url: `${server.url}/v1`, ...where, tls, pid, version, upstream, config: files };
}
