import type { Argument, Command, Option } from "commander";
import { pathOf } from "../help.ts";

/** What a word on the command line may become. */
export type Suggestions = {
  values: { value: string; about: string }[];
  /** The shell is to offer files. */
  files: boolean;
};

/** Values of arguments that only a look around can tell, by command. */
type Lists = Record<string, () => string[]>;

const nothing: Suggestions = { values: [], files: false };
const files: Suggestions = { values: [], files: true };

/** What the last of `words` may become; it may be empty. The words are what follows the program. */
export function suggest(
  program: Command,
  words: readonly string[],
  lists: Lists = {},
): Suggestions {
  let command = program;
  let waiting: Option | undefined;
  let position = 0;
  for (const word of words.slice(0, -1)) {
    // bash cuts --tls=off into three words.
    if (word === "=") continue;
    // What comes then is another command's.
    if (word === "--") return files;
    if (waiting) waiting = undefined;
    else if (word.startsWith("-")) waiting = waitingFor(command, word);
    else {
      const sub = command.commands.find((one) => one.name() === word);
      if (sub) [command, position] = [sub, 0];
      else position++;
    }
  }

  const current = words.at(-1) ?? "";
  const assigned = /^(--[\w-]+)=(.*)$/s.exec(current);
  if (assigned) return beginning(assigned[2]!, valuesOf(optionOf(command, assigned[1]!)));
  if (waiting) return beginning(current === "=" ? "" : current, valuesOf(waiting));
  if (current.startsWith("-")) return beginning(current, flagsOf(command));
  if (command.commands.length > 0 && position === 0)
    return beginning(current, subcommandsOf(command));
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[position] ?? (last?.variadic ? last : undefined);
  return beginning(current, argumentsOf(argument, lists[pathOf(command)]));
}

function beginning(start: string, { values, files }: Suggestions): Suggestions {
  return { values: values.filter(({ value }) => value.startsWith(start)), files };
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ short, long }) => word === short || word === long);
}

/** The option that takes the next word. */
function waitingFor(command: Command, word: string): Option | undefined {
  const option = optionOf(command, word);
  return option?.required ? option : undefined;
}

function valuesOf(option: Option | undefined): Suggestions {
  if (option?.argChoices) return plain(option.argChoices);
  return option && /<(?:file|folder|path)>/.test(option.flags) ? files : nothing;
}

function flagsOf(command: Command): Suggestions {
  const options = command.createHelp().visibleOptions(command);
  const values = options.map(({ long, short, description }) => {
    return { value: long ?? short ?? "", about: description };
  });
  return { values, files: false };
}

function subcommandsOf(command: Command): Suggestions {
  const commands = command.createHelp().visibleCommands(command);
  const values = commands.map((sub) => ({
    value: sub.name(),
    about: sub.summary() || sub.description(),
  }));
  return { values, files: false };
}

function argumentsOf(argument: Argument | undefined, list?: () => string[]): Suggestions {
  if (!argument) return nothing;
  if (list) return plain(list());
  if (argument.argChoices) return plain(argument.argChoices);
  return ["file", "folder", "command"].includes(argument.name()) ? files : nothing;
}

function plain(values: readonly string[]): Suggestions {
  return { values: values.map((value) => ({ value, about: "" })), files: false };
}
