import type { Argument, Command, Option } from "commander";
import { capitalized, pathOf } from "../src/help.ts";
import { version } from "../src/version.ts";

/** The manual page, from what the commands say of themselves. `settings`: the command that has all flags. */
export function manPage(program: Command, settings: Command): string {
  const isSetting = (option: Option) => groupOf(option) !== "Options:";
  const commands = program.commands
    .flatMap(withAll)
    .filter(({ commands }) => commands.length === 0);
  const own = (command: Command) => {
    const isNew = (option: Option) => !isSetting(option) || / as in curl/.test(groupOf(option));
    return section(
      ".SS",
      usageOf(command),
      `${paragraph(`${command.description()}.`)}${entries(command, isNew)}${notesOf(command)}`,
    );
  };
  const groups = Map.groupBy(settings.options.filter(isSetting), groupOf);
  const flags = [...groups].map(([group, options]) => {
    return section(".SS", group.replace(/:$/, ""), options.filter(isShown).map(entry).join(""));
  });
  return [
    `.TH RELAY 1 "" "openai-relay ${version}" "User Commands"\n`,
    section(".SH", "NAME", "relay, openai-relay \\- local relay for the OpenAI API\n"),
    section(".SH", "SYNOPSIS", ".B relay\n.I command\n[\\fIoptions\\fR] [\\fIarguments\\fR]\n"),
    section(".SH", "DESCRIPTION", paragraph(description)),
    section(".SH", "COMMANDS", commands.map(own).join("")),
    section(".SH", "SETTINGS", paragraph(aboutSettings) + flags.join("")),
    section(".SH", "EXIT STATUS", exitCodes.map(([code, when]) => item(code, when)).join("")),
    section(".SH", "FILES", files.map(([name, what]) => item(name, what)).join("")),
    section(".SH", "EXAMPLES", notesOf(program).replace(/^\.PP\nExamples:\n/, "")),
    section(".SH", "SEE ALSO", ".BR curl (1)\n"),
  ].join("");
}

const description =
  "A relay on this machine between programs and the OpenAI API. It puts the API key on, forwards everything byte for byte and streams every answer as it arrives. The key comes from OPENAI_API_KEY, a file, a command, a .env file or the system's keychain.";

const aboutSettings =
  'Flags win over environment variables, those over the config file, that over the defaults. "relay config show --origin" prints what is in force and where it comes from.';

const exitCodes = [
  ["0", "Done; stopped as told."],
  ["1", "Failed for another reason."],
  ["2", "The command line cannot be understood."],
  ["3", "The environment or a config file says something that cannot be done."],
  ["4", "The key is missing, malformed or rejected."],
  ["5", "The key may not do this, or is out of quota."],
  ["6", "DNS fails."],
  ["7", "No connection; TLS, a proxy or a timeout."],
  ["8", "The upstream fails, or is no OpenAI API."],
  ["130, 143", "Stopped at once by a second signal."],
] as const;

const files = [
  ["relay.config.json", "The config file of a project; also .yaml, .ts, .js and others."],
  ["~/.config/openai-relay/config.json", "The user's own config file."],
  ["~/.local/state/openai-relay", "Tokens, certificates, and which config files are trusted."],
] as const;

function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}

function usageOf(command: Command): string {
  return `${pathOf(command)} ${command.usage()}`;
}

function groupOf(option: Option): string {
  return option.helpGroupHeading ?? "Options:";
}

function isShown({ hidden }: Option): boolean {
  return !hidden;
}

function entries(command: Command, wanted: (option: Option) => boolean): string {
  const values = command.registeredArguments.filter(({ description }) => description !== "");
  const options = command.options.filter(isShown).filter(wanted);
  return values.map(toItem).join("") + options.map(entry).join("");
}

function toItem(argument: Argument): string {
  return item(argument.name(), argument.description);
}

function entry({ flags, description, defaultValueDescription }: Option): string {
  const fallback = defaultValueDescription ? ` (default: ${defaultValueDescription})` : "";
  return item(flags, description + fallback);
}

/** What stands below the help of a command: prose, and examples as they are. */
function notesOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) }).outputHelp();
  const text = parts.slice(1).join("");
  const blocks = text.matchAll(/^\S.*(?:\n\S.*)*|^ .*(?:\n .*)*/gm);
  return [...blocks]
    .map(([block]) => (block.startsWith(" ") ? verbatim(block) : paragraph(block)))
    .join("");
}

function verbatim(text: string): string {
  return `.PP\n.nf\n${roff(text)}\n.fi\n`;
}

function section(macro: ".SH" | ".SS", title: string, body: string): string {
  // A paragraph begins here anyway.
  return `${macro} "${roff(title).replaceAll('"', "\\(dq")}"\n${body.replace(/^\.PP\n/, "")}`;
}

function item(term: string, about: string): string {
  return `.TP\n.B ${roff(term)}\n${prose(capitalized(about))}\n`;
}

function paragraph(text: string): string {
  return `.PP\n${prose(text)}\n`;
}

/** Text in which roff finds no commands; a dash is the one that can be copied. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
  return escaped.replaceAll("'", "\\(aq").replace(/^(?=\.)/gm, "\\&");
}

/** The same in short lines, which roff joins again. */
function prose(text: string): string {
  return roff(text.replace(/\s*(.{1,52}\S*)(?=\s|$)/g, "$1\n").trimEnd());
}
