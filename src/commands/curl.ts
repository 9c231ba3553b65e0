import { Command, Option } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { runCurl } from "../curl/curl.ts";
import { badUsage } from "../curl/failure.ts";
import type { BodyPart, CurlOptions } from "../curl/options.ts";
import { version } from "../version.ts";

/** The options about the body share one list: their order on the command line counts. */
class BodyOption extends Option {
  constructor(kind: BodyPart["kind"], flags: string, about: string) {
    super(flags, about);
    this.argParser((value: string, list: BodyPart[] = []) => [...list, { kind, value }]);
  }

  override attributeName(): string {
    return "body";
  }
}

const body: [BodyPart["kind"], string, string][] = [
  ["data", "-d, --data <data>", "send data in a POST; @file reads it, without line ends"],
  ["raw", "--data-raw <data>", "send data in which @ means nothing"],
  ["binary", "--data-binary <data>", "send data; @file reads it as it is"],
  ["urlencode", "--data-urlencode <data>", "send data URL-encoded: text, name=text, name@file"],
  ["json", "--json <data>", "send JSON and ask for JSON; @file reads it"],
  ["form", "-F, --form <name=content>", "send a form field; @file uploads, <file reads a text"],
  ["formString", "--form-string <name=text>", "send a form field in which @ and < mean nothing"],
];

export const curl = new Command("curl")
  .description("Make one call as curl would, with the relay's key on it")
  .argument("[url]", "a path (/v1/models or models) or a URL of the upstream")
  .option("--relay <url>", "ask a relay that runs there; without it, one in this process", toUrl)
  // Without the short flag that other commands have: curl's -c is something else.
  .option("--config <file>", "read this config file instead of searching for one")
  .option("--no-config", "read no config file")
  .optionsGroup("Request, as in curl:")
  .option("-X, --request <method>", "method to use", toMethod)
  .option("-H, --header <line>", "send a header; 'Name;' an empty one, 'Name:' none", append);
for (const [kind, flags, about] of body) curl.addOption(new BodyOption(kind, flags, about));
curl
  .option("-T, --upload-file <file>", "send a file in a PUT; - is standard input")
  .option("-G, --get", "put the data into the query")
  .option("-I, --head", "ask for the head only")
  .option("-A, --user-agent <name>", "send as User-Agent")
  .option("-m, --max-time <seconds>", "for the whole call", toSeconds)
  .option("--connect-timeout <seconds>", "for the connection to the upstream", toSeconds)
  .option("-L, --location", "accepted; redirects are shown, never followed with the key")
  .optionsGroup("Answer, as in curl:")
  .option("-i, --include", "print the head too")
  .option("-o, --output <file>", "write the answer to a file")
  .option("-O, --remote-name", "write the answer to a file named as in the URL")
  .option("-D, --dump-header <file>", "write the head to a file")
  .option("-f, --fail", "exit with 22 on status 400 and above, without the body")
  .option("--fail-with-body", "exit with 22 on status 400 and above, with the body")
  .option("-w, --write-out <format>", "print after the call, such as '%{http_code}\\n'")
  .option("-N, --no-buffer", "accepted; nothing is ever held back")
  .option("-s, --silent", "no error messages")
  .option("-S, --show-error", "error messages in spite of -s")
  .option("-v, --verbose", "show the heads, without the key")
  .addHelpText("after", examples());
addSettingFlags(curl, [
  ...["upstream", "mock", "keyFile", "adminKeyFile", "organization", "project", "beta"],
  ...["auth", "authHeader", "proxy", "ca", "systemCa", "insecureUpstream", "followRedirects"],
]);

curl.action(async (where: string | undefined, options: CurlOptions, command: Command) => {
  if (where === undefined) throw badUsage("no URL: give a path such as /v1/models");
  const { config } = await loadConfig(settingFlags(command));
  const { connectTimeout } = options;
  if (connectTimeout) config.timeouts.connect = connectTimeout * 1000;
  await runCurl({ where, options, config, agent: `openai-relay/${version}` });
});

function append(line: string, lines: string[] = []): string[] {
  return [...lines, line];
}

function toMethod(text: string): string {
  if (/^(TRACE|CONNECT)$/i.test(text))
    throw badUsage(`-X ${text}: the relay does not forward this`);
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(text)) return text;
  throw badUsage(`-X ${JSON.stringify(text)} is not a method`);
}

function toSeconds(text: string): number {
  if (/^\d*\.?\d+$/.test(text)) return Number(text);
  throw badUsage(`"${text}" is not a number of seconds`);
}

function toUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw badUsage(`--relay ${text}: give a URL such as http://127.0.0.1:8484`);
}

function examples(): string {
  return `
Examples:
  relay curl models
  relay curl /v1/responses --json '{"model":"gpt-5","input":"Hello","stream":true}'
  relay curl /v1/files -F purpose=batch -F file=@requests.jsonl
  relay curl -fsS -o speech.mp3 /v1/audio/speech --json @speech.json`;
}
