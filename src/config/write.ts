import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import { ConfigError } from "./error.ts";
import { display } from "./folders.ts";
import { allSettings } from "./names.ts";
import { findProjectFile } from "./search.ts";

/** What a first file may be: YAML explains each setting, in JSON an editor does. */
export const formats = ["json", "yaml"] as const;

export type Format = (typeof formats)[number];

/** Settings by dotted path, as a config file says them. */
export type Choices = Record<string, unknown>;

/** For editors; a single executable has no such file beside it. */
const schema = isSea() ? undefined : "./node_modules/openai-relay/dist/config.schema.json";
const usual = ["port", "upstream", "timeouts.connect", "log.level"];

/** Throws where there is a config file already. */
export async function expectNoFile(cwd: string): Promise<void> {
  const found = await findProjectFile(cwd, []);
  if (found && dirname(found) === cwd)
    throw new ConfigError(`${display(found, cwd)} is there already`);
}

/** Writes a first config file, with some defaults beside what was chosen; says where. */
export function writeFirstFile(cwd: string, chosen: Choices, format: Format): string {
  const file = join(cwd, `relay.config.${format}`);
  const defaults = usual.map((path) => [path, allSettings.get(path)!.default] as const);
  const values: Choices = { ...Object.fromEntries(defaults), ...chosen };
  try {
    writeFileSync(file, format === "json" ? toJson(values) : toYaml(values), { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "is there already" : `cannot be written (${code})`;
    throw new ConfigError(`${display(file, cwd)} ${why}`);
  }
  return file;
}

function toJson(values: Choices): string {
  const groups = [...toGroups(values)].map(([group, inner]) => {
    return group === "" ? inner : { [group]: inner };
  });
  return `${JSON.stringify(Object.assign({ $schema: schema, version: 1 }, ...groups), null, 2)}\n`;
}

function toYaml(values: Choices): string {
  const lines = schema ? [`# yaml-language-server: $schema=${schema}`] : [];
  lines.push("version: 1");
  for (const [group, inner] of toGroups(values)) {
    const indent = group === "" ? "" : "  ";
    if (group !== "") lines.push("", `${group}:`);
    for (const [name, value] of Object.entries(inner)) {
      const { about } = allSettings.get(group === "" ? name : `${group}.${name}`)!;
      if (group === "") lines.push("");
      // JSON is YAML.
      lines.push(`${indent}# ${about}`, `${indent}${name}: ${JSON.stringify(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Settings that stand alone first, under an empty name. */
function toGroups(values: Choices): Map<string, Choices> {
  const groups = new Map<string, Choices>([["", {}]]);
  for (const [path, value] of Object.entries(values)) {
    const [name, inner] = path.split(".") as [string, string?];
    if (inner === undefined) groups.get("")![name] = value;
    else groups.set(name, { ...groups.get(name), [inner]: value });
  }
  return groups;
}
