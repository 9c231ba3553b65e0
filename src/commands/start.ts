import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { isOffline } from "../config/offline.ts";
import type { Config } from "../config/settings.ts";
import { keyRemarks } from "../key/remarks.ts";
import { createLogStream } from "../observe/log.ts";
import type { Serving } from "../relay.ts";
import { isDue } from "../tls/credentials.ts";
import { version } from "../version.ts";
import { banner, whereIs } from "./banner.ts";
import { faultRemarks } from "./faults.ts";
import { reloadOnHangup } from "./hangup.ts";
import { explainListen } from "./listen-failure.ts";
import { environmentRemarks } from "./protect.ts";
import { serve } from "./serve.ts";
import { scriptRemarks } from "./stand-in.ts";
import { stopOnSignals } from "./stop.ts";

export const start = addSettingFlags(
  new Command("start")
    .description("Start the relay and serve until it is told to stop")
    .option("--json", "print one JSON object instead of the base URL once it listens")
    .option("--open", "open the inspector, the page that shows what goes through")
    .addHelpText("after", examples()),
).action(async (options: { json?: true; open?: true; quiet?: true }, command: Command) => {
  if (process.env.OPENAI_RELAY_WORKER) return obeyPrimary();
  const input = settingFlags(command);
  const loaded = await loadConfig(input);
  const keys = await keyRemarks(loaded.config, process.env);
  for (const remark of [...loaded.remarks, ...environmentRemarks(), ...keys]) say(remark);
  for (const remark of [...scriptRemarks(loaded), ...faultRemarks(loaded.config)]) say(remark);

  const { config } = loaded;
  if (options.open && config.socket !== "")
    throw new UsageError("--open: no browser reaches a Unix socket.");
  // What is replayed comes in an order that only one process can keep.
  const isAlone = config.workers === 1 || config.replay !== "" || config.tape !== "";
  const starting = isAlone ? serve(config) : serveInWorkers(withOneJournal(config));
  const relay = await starting.catch((error) => explainListen(error, loaded));
  const stop = stopOnSignals(relay);
  reloadOnHangup({ input, loaded, relay, stop });
  if (relay.certificateUntil && isDue(relay.certificateUntil))
    say(certificateRemark(relay.certificateUntil));
  if (!options.quiet) process.stderr.write(await banner(loaded, relay));
  const told = options.json ? JSON.stringify(describe(loaded, relay)) : whereIs(loaded, relay);
  process.stdout.write(`${told}\n`);
  if (options.open) await openInspector(relay);
});

// Loaded only where it is used: start-up is faster without it.

async function serveInWorkers(config: Config): Promise<Serving> {
  const { startWorkers } = await import("../workers/primary.ts");
  return startWorkers(config, {
    env: process.env,
    lines: await createLogStream(config),
    say,
    giveUp(why) {
      say(`${why} The relay gives up.`);
      process.exit(1);
    },
  });
}

/** Workers have no memory in common: what is to be forgotten at the end is in a file until then. */
function withOneJournal(config: Config): Config {
  if (!config.journal || config.journalFile !== ":memory:") return config;
  const folder = mkdtempSync(join(tmpdir(), "openai-relay-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return { ...config, journalFile: join(folder, "journal.db") };
}

/** The relay serves, whether this works or not. */
async function openInspector({ server: { url, port } }: Serving): Promise<void> {
  const { createLink } = await import("../inspector/link.ts");
  const { openInBrowser } = await import("../inspector/browser.ts");
  try {
    const link = createLink(process.env, url, port);
    const isOpened = await openInBrowser(link, process.env);
    const how = isOpened ? "Opened in the browser" : "Open it within a minute, once";
    say(`Inspector: ${link}\n${how}; "relay open" makes another link.`);
  } catch (error) {
    say((error as Error).message);
  }
}

/** In a process that another relay has started. */
async function obeyPrimary(): Promise<void> {
  delete process.env.OPENAI_RELAY_WORKER;
  const worker = await import("../workers/worker.ts");
  worker.obeyPrimary(serve);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function examples(): string {
  return `
Each setting is a flag, an environment variable and an entry of the config file ("relay config show
--origin" says which one is in force). The key is not among them: it comes from OPENAI_API_KEY, --key-file,
--dotenv or the system's keychain ("relay key").

Examples:
  relay start
  relay start --mock --port 0
  relay start --open                   shows what goes through, in a browser
  relay start --key-file ~/.openai/key --log-format json
  relay start --tape tapes             replays what is there, records the rest
  relay start --workers auto           on all cores
  relay start --mock --fault '503;chance=10%'
  relay start --host 0.0.0.0           asks for client tokens: "relay token new"`;
}

function certificateRemark(until: Date): string {
  const verb = until.getTime() < Date.now() ? "expired" : "expires";
  const day = until.toISOString().slice(0, 10);
  return `The TLS certificate ${verb} on ${day}. Run "relay tls", or replace tlsCert.`;
}

function describe({ config, files }: Loaded, relay: Serving): Record<string, unknown> {
  const { server } = relay;
  const where = config.socket === "" ? { port: server.port } : { socket: config.socket };
  const instead = isOffline(config, process.env) ? "tape" : config.mock ? "mock" : undefined;
  const upstream = instead ?? config.upstream;
  const tls = relay.certificateUntil !== undefined;
  const { pid } = process;
  return { url: `${server.url}/v1`, ...where, tls, pid, version, upstream, config: files };
}
