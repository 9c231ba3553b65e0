import { Argument, Command, Option } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { allSettings } from "../config/names.ts";
import { didYouMean } from "../config/nearest.ts";
import { places } from "../config/places.ts";
import { printable, redacted, shown } from "../config/shown.ts";
import { vouch } from "../config/vouch.ts";
import { type Format, formats } from "../config/write.ts";

export const config = new Command("config")
  .description("See, write and trust the settings")
  .addHelpText(
    "after",
    `
Flags win over environment variables, those over the config file, that over the defaults.

Examples:
  relay config init
  relay config show --origin
  relay config get upstream`,
  );

addSettingFlags(
  config
    .command("show")
    .description("Print the settings in force, without secrets")
    .option("--origin", "say where each value comes from")
    .option("--json", "print a JSON object: setting to value and origin")
    .addHelpText(
      "after",
      `
Examples:
  relay config show
  relay config show --origin --port 0
  relay config show --json | jq .upstream.origin`,
    ),
).action(async (options: { origin?: true; json?: true }, command: Command) => {
  const loaded = await loadConfig(settingFlags(command));
  tell(loaded.remarks);
  const rows = [...allSettings.keys()].map((path) => toRow(path, loaded));
  if (options.json) {
    const values = rows.map(({ path, value, origin }) => [path, { value, origin }]);
    print(JSON.stringify(Object.fromEntries(values), null, 2));
    return;
  }
  const width = Math.max(...rows.map(({ path }) => path.length));
  const valueWidth = Math.min(40, Math.max(...rows.map(({ text }) => text.length)));
  for (const { path, text, origin } of rows) {
    const line = `${path.padEnd(width)}  ${text}`;
    print(options.origin ? `${line.padEnd(width + 2 + valueWidth)}  ${origin}` : line);
  }
});

addSettingFlags(
  config
    .command("get")
    .description("Print the value of one setting, and nothing else")
    .addArgument(settingArgument())
    .option("--json", "print it as JSON: times in milliseconds, sizes in bytes")
    .addHelpText(
      "after",
      "\nExamples:\n  relay config get port\n  relay config get timeouts.connect --json",
    ),
  [],
).action(async (path: string, { json }: { json?: true }, command: Command) => {
  if (!allSettings.has(path)) {
    const hint = didYouMean(path, allSettings.keys());
    throw new UsageError(`"${printable(path)}" is not a setting.${hint}`);
  }
  const loaded = await loadConfig(settingFlags(command));
  tell(loaded.remarks);
  const { value, text } = toRow(path, loaded);
  print(json ? JSON.stringify(value) : value === "" ? "" : text);
});

addSettingFlags(
  config
    .command("path")
    .description("Print the places where config files are looked for, and what is there")
    .option("--json", "print a JSON array")
    .addHelpText("after", "\nExamples:\n  relay config path\n  relay config path --json"),
  [],
).action(async (options: { json?: true }, command: Command) => {
  const remarks: string[] = [];
  const found = await places(settingFlags(command), remarks);
  tell(remarks);
  if (options.json) print(JSON.stringify(found, null, 2));
  else
    for (const { layer, place, file } of found)
      print(`${file ? "✓" : "–"} ${layer.padEnd(7)}  ${file ?? place}`);
});

addSettingFlags(
  config
    .command("schema")
    .description("Print the JSON Schema of config files")
    .addHelpText("after", "\nExamples:\n  relay config schema > relay.config.schema.json"),
  [],
).action(async () => {
  const { jsonSchema } = await import("../config/json-schema.ts");
  print(JSON.stringify(jsonSchema(), null, 2));
});

addSettingFlags(
  config
    .command("trust")
    .description("Let a config file that is found here set where the key goes, or run as code")
    .argument("[file]", "the file, instead of the one that a search finds")
    .addHelpText(
      "after",
      "\nExamples:\n  relay config trust\n  relay config trust relay.config.ts",
    ),
  [],
).action(async (file: string | undefined, _options: object, command: Command) => {
  print(await vouch(file, settingFlags(command)));
});

config
  .command("init")
  .description("Write a config file to begin with, never over another")
  .option("-y, --yes", "do not ask anything: take the defaults")
  .addOption(
    new Option("--format <format>", "YAML comes with comments; for JSON, editors have the schema")
      .choices(formats)
      .default("json", "json"),
  )
  .addHelpText(
    "after",
    `
It asks a few questions where there is a terminal. What the answers allow is trusted, as by "relay
config trust".

Examples:
  relay config init
  relay config init --yes --format yaml`,
  )
  .action(async (options: { yes?: true; format: Format }) => {
    const { initialize } = await import("../config/init.ts");
    const canAsk = process.stdin.isTTY && process.stderr.isTTY && !process.env.CI;
    const { file, remarks } = await initialize({
      cwd: process.cwd(),
      env: process.env,
      ask: canAsk === true && !options.yes,
      format: options.format,
    });
    tell(remarks);
    print(file);
  });

/** For completion; a wrong name is refused with a hint instead of the whole list. */
function settingArgument(): Argument {
  const argument = new Argument("<name>", "such as port or timeouts.connect");
  argument.argChoices = [...allSettings.keys()];
  return argument;
}

function toRow(path: string, { config, origins }: Loaded) {
  const setting = allSettings.get(path);
  const [name, inner] = path.split(".") as [keyof typeof config, string?];
  const value: unknown =
    inner === undefined ? config[name] : Reflect.get(Object(config[name]), inner);
  const safe = redacted(setting, value);
  const isBare = typeof safe === "string" && safe !== "";
  const text = setting?.toText?.(value) ?? (isBare ? printable(safe) : shown(setting, value));
  return { path, value: safe, text, origin: origins[path]! };
}

function tell(remarks: string[]): void {
  for (const remark of remarks) process.stderr.write(`${remark}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
