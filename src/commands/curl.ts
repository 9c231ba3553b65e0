import { Command, Option, type ParseOptionsResult } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { runCurl } from "../curl/curl.ts";
import { badUsage } from "../curl/failure.ts";
import type { CurlOptions } from "../curl/options.ts";
import { ofCurl, toArgs, toWords, type Word } from "../curl/spelling.ts";
import { granted, groups, type Row } from "../curl/table.ts";
import { toRelay } from "../curl/values.ts";
import { applyWay } from "../curl/way.ts";
import { version } from "../version.ts";

/** A command whose line is spelled as curl's. */
class CurlCommand extends Command {
  words: readonly Word[] = [];

  override parseOptions(args: string[]): ParseOptionsResult {
    this.words = toWords(args, this.options);
    return super.parseOptions(toArgs(this.words));
  }
}

/** The options about the body share one list: their order on the command line counts. */
class CurlOption extends Option {
  constructor([flags, about, read]: Row) {
    super(flags, about);
    if (read) this.argParser(read);
    ofCurl.add(this);
  }

  override attributeName(): string {
    const isPiece = /^(?:data.*|json|form.*)$/.test(this.name());
    return isPiece ? "body" : super.attributeName();
  }
}

export const curl = new CurlCommand("curl")
  .description("Make one call as curl would, with the relay's key on it")
  .argument("[url]", "a path (/v1/models or models) or a URL of the upstream")
  .option("--relay <url>", "ask a relay that runs there; without it, one in this process", toRelay)
  .option("--ws", "open a WebSocket: a line of input is a message, a message a line of output")
  .option(
    "--print-curl",
    "print the line that does the same with curl, without the key; send nothing",
  )
  // Without the short flag that other commands have: curl's -c is something else.
  .option("--config <file>", "read this config file instead of searching for one")
  .option("--no-config", "read no config file");

for (const [group, rows] of Object.entries(groups))
  for (const row of rows) curl.addOption(new CurlOption(row).helpGroup(group));
for (const flags of granted) curl.addOption(new CurlOption([flags, ""]).hideHelp());

addSettingFlags(curl, [
  ...[
    "upstream",
    "mock",
    "keyFile",
    "adminKeyFile",
    "envFile",
    "keychain",
    "organization",
    "project",
    "beta",
  ],
  ...["auth", "authHeader", "proxy", "ca", "systemCa", "insecureUpstream", "followRedirects"],
]);

curl.addHelpText(
  "after",
  `
Also as in curl: -x is --proxy, --cacert is --ca, -K <file> reads options from a file.
What asks for what happens anyway is accepted: -N, -g, -q, --http1.1 and the like.
Exit codes are curl's. --ws closes when its input ends.

Examples:
  relay curl models
  relay curl responses --json '{"model":"gpt-5","input":"Hi","stream":true}'
  relay curl /v1/files -F purpose=batch -F file=@requests.jsonl
  relay curl -fsS -o speech.mp3 /v1/audio/speech --json @speech.json
  relay curl --retry 3 -w '%{time_starttransfer}\\n' -o models.json models
  (cat events; sleep 9) | relay curl --ws '/v1/realtime?model=gpt-realtime'
  relay curl --print-curl models`,
);

curl.action(async (where: string | undefined, options: CurlOptions, command: CurlCommand) => {
  const [url, ...others] = [where, options.url].filter((one) => one !== undefined);
  if (url === undefined) throw badUsage("no URL: give a path such as /v1/models");
  if (others.length > 0) throw badUsage("one URL a call");
  if (options.fail && options.failWithBody) throw badUsage("-f or --fail-with-body, not both");
  const { config } = await loadConfig(settingFlags(command));
  applyWay(options, config);
  const agent = `openai-relay/${version}`;
  await runCurl({ where: url, options, config, agent, words: command.words });
});
