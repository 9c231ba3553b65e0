import { Command } from "commander";
import { healthOf } from "../client/health.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { ExitError } from "../exit.ts";
import { openInBrowser } from "../inspector/browser.ts";
import { createLink } from "../inspector/link.ts";
import { urlOf } from "../server/listen.ts";

const patienceMs = 10_000;

export const open = addSettingFlags(
  new Command("open")
    .description("Open the inspector, the page that shows what goes through the running relay")
    .option("--print", "print the link only, and open no browser")
    .addHelpText(
      "after",
      `
The link lets one browser in, once, within a minute. It works for the relay that runs as the same user;
the browser stays let in until that relay stops.

Examples:
  relay open
  relay open --port 8485       of the relay on that port
  relay open --print           on a machine without a desktop`,
    ),
  ["port", "host"],
).action(async ({ print }: { print?: true }, command: Command) => {
  const { config } = await loadConfig(settingFlags(command));
  const { port, socket } = config;
  if (socket !== "") throw new ExitError(1, noBrowser);
  if (!(await healthOf(config, patienceMs))) throw new ExitError(1, noRelay(port));

  const link = createLink(process.env, urlOf(config, port), port);
  process.stdout.write(`${link}\n`);
  if (print) return;
  const isOpened = await openInBrowser(link, process.env);
  process.stderr.write(
    isOpened ? "Opened in the browser.\n" : "Open it in a browser within a minute.\n",
  );
});

const noBrowser = "No browser reaches a Unix socket: start a relay on a port to see its inspector.";

function noRelay(port: number): string {
  return `No relay answers on port ${port}. Run "relay start --open", or name its port with --port.`;
}
