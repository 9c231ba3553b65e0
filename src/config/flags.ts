import type { Command, Option } from "commander";
import type { Setting } from "./kinds.ts";
import type { Input } from "./load.ts";
import { allSettings, flagOf, variableOf } from "./names.ts";

/** What an option of ours says: a setting, and its value where that is not what the user wrote. */
type Meaning = { path: string; value?: string };

const meanings = new WeakMap<Option, Meaning>();

/**
 * Gives a command the flags of settings (all, or those at or below the named paths), and the flags
 * that every command has. Flags that the command has already stay its own.
 */
export function addSettingFlags(command: Command, paths?: string[]): Command {
  const group = "Options:";
  const general = [
    ["-c, --config <file>", "read this config file instead of searching for one"],
    ["--no-config", "read no config file"],
    ["-q, --quiet", "log errors only", "error"],
    ["-v, --verbose", "log more", "debug"],
  ] as const;
  for (const [flags, about, value] of general)
    add(command, flags, about, group, value && { path: "log.level", value });

  for (const [path, setting] of allSettings) {
    const isWanted = paths?.some((one) => path === one || path.startsWith(`${one}.`)) ?? true;
    if (isWanted && !setting.noFlag) addSetting(command, path, setting);
  }
  return command;
}

/** What `loadConfig` wants to know from a command line that was parsed. */
export function settingFlags(command: Command): Input {
  const flags: Input["flags"] = {};
  for (const option of command.options) {
    const meaning = meanings.get(option);
    const name = option.attributeName();
    // The later one wins: --log-level says more than --quiet.
    if (meaning && command.getOptionValueSource(name) === "cli")
      flags[meaning.path] = meaning.value ?? command.getOptionValue(name);
  }
  const input: Input = { flags, env: process.env, cwd: process.cwd() };
  const { config } = command.opts<{ config?: string | true | false }>();
  return config === undefined || config === true ? input : { ...input, config };
}

function addSetting(command: Command, path: string, setting: Setting): void {
  const { about, choices, placeholder, repeatable, section, short } = setting;
  const group = `${section}:`;
  const flag = (short ? `-${short}, ` : "") + flagOf(path);
  const facts = [...defaultOf(setting), `env: ${variableOf(path)}`].join(", ");
  const hint = `${about} (${facts})`;
  if (placeholder) {
    const option = add(command, `${flag} <${placeholder}>`, hint, group, { path });
    // For completion; a wrong value is refused where all settings are checked.
    if (option && choices) option.argChoices = [...choices];
    if (repeatable) option?.argParser((text, before: string[] = []) => [...before, text]);
    return;
  }
  const on = add(command, flag, hint, group, { path });
  const off = add(command, flag.replace("--", "--no-"), `turn off: ${hint}`, group, { path });
  (setting.default ? on : off)?.hideHelp();
}

function add(
  command: Command,
  flags: string,
  about: string,
  group: string,
  meaning: Meaning | undefined,
): Option | undefined {
  const option = command.createOption(flags, about).helpGroup(group);
  const isTaken = command.options.some(({ long, short }) => {
    return long === option.long || (short !== undefined && short === option.short);
  });
  if (isTaken) return undefined;
  command.addOption(option);
  if (meaning) meanings.set(option, meaning);
  return option;
}

/** Nothing to say where it is none; switches are off unless their flag says `--no-`. */
function defaultOf({ default: fallback }: Setting): string[] {
  const isNone = fallback === "" || (Array.isArray(fallback) && fallback.length === 0);
  if (isNone || typeof fallback === "boolean") return [];
  return [`default: ${Array.isArray(fallback) ? fallback.join(", ") : fallback}`];
}
