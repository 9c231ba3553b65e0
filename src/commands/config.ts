import { Command } from "commander";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { allSettings } from "../config/names.ts";
import { places } from "../config/places.ts";
import { printable, redacted, shown } from "../config/shown.ts";
import { vouch } from "../config/vouch.ts";
import { writeFirstFile } from "../config/write.ts";

export const config = new Command("config").description("See, check and trust the settings");

addSettingFlags(
  config
    .command("show")
    .description("Print the settings in force, without secrets")
    .option("--origin", "say where each value comes from")
    .option("--json", "print a JSON object: setting to value and origin"),
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
    .command("path")
    .description("Print the places where config files are looked for, and what is there")
    .option("--json", "print a JSON array"),
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
  config.command("schema").description("Print the JSON Schema of config files"),
  [],
).action(async () => {
  const { jsonSchema } = await import("../config/json-schema.ts");
  print(JSON.stringify(jsonSchema(), null, 2));
});

addSettingFlags(
  config
    .command("trust")
    .description("Let a config file that is found here set where the key goes, or run as code")
    .argument("[file]", "the file, instead of the one that a search finds"),
  [],
).action(async (file: string | undefined, _options: object, command: Command) => {
  print(await vouch(file, settingFlags(command)));
});

addSettingFlags(
  config
    .command("init")
    .description("Write a relay.config.json to begin with")
    .option("-y, --yes", "do not ask anything"),
  [],
).action(async (_options: object, command: Command) => {
  print(await writeFirstFile(settingFlags(command).cwd));
});

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
