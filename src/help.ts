import { styleText } from "node:util";
import { type Argument, type Command, Help, type Option } from "commander";

/** The column of the flags: longer ones stand on a line of their own, above what they do. */
const termWidth = 26;

/** Wider lines are hard to read. */
const widest = 120;

/** Lets a command and all below it show their help in one way, as wide as the terminal. */
export function layOutHelp(command: Command): void {
  const { getOutHasColors, writeOut } = command.configureOutput();
  command
    .configureHelp(layout)
    .helpOption("-h, --help", "print this help")
    .showHelpAfterError(`"${pathOf(command)} --help" shows what there is.`)
    .configureOutput({
      getOutHelpWidth: helpWidth,
      writeOut: (text) =>
        writeOut?.(emphasize(wrapProse(text, helpWidth()), getOutHasColors?.() === true)),
    });
  if (command.parent && command.commands.length > 0)
    command.helpCommand("help [command]", "print the help of a command");
  for (const sub of command.commands) layOutHelp(sub);
}

/** `relay token rm` */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** COLUMNS, as other programs have it, or the terminal's own width. */
function helpWidth(): number {
  const asked = Number(process.env.COLUMNS);
  const columns = asked > 0 ? asked : process.stdout.columns || 80;
  return Math.max(40, Math.min(columns, widest));
}

const layout: Partial<Help> = {
  minWidthToWrap: 10,

  padWidth(command, helper) {
    return Math.min(termWidth, Help.prototype.padWidth.call(helper, command, helper));
  },

  subcommandTerm(command) {
    return Help.prototype.subcommandTerm.call(this, command).replace(" [options]", "");
  },

  subcommandDescription(command) {
    return capitalized(command.summary() || command.description());
  },

  formatItem(term, width, about, helper) {
    const isLong = helper.displayWidth(term) > width;
    const item = Help.prototype.formatItem.call(helper, isLong ? "" : term, width, about, helper);
    return isLong ? `  ${term}\n${item}` : item;
  },

  argumentDescription({ description }: Argument) {
    return capitalized(description);
  },

  boxWrap(text, width) {
    const kept = text.replace(/\b(env|default): /g, "$1:\0");
    return Help.prototype.boxWrap.call(this, kept, width).replaceAll("\0", " ");
  },

  optionDescription(option: Option) {
    const { argChoices = [], defaultValueDescription, description, flags } = option;
    const isListed = argChoices.every((choice) => `${flags} ${description}`.includes(choice));
    const about = capitalized(description) + (isListed ? "" : `: ${argChoices.join(", ")}`);
    return defaultValueDescription ? `${about} (default: ${defaultValueDescription})` : about;
  },
};

/** `print it` is `Print it`; `auto: pretty` stays. */
export function capitalized(text: string): string {
  return text.replace(/^[a-z]+(?=[ ,;])/, (word) => word[0]!.toUpperCase() + word.slice(1));
}

/** Wraps prose. What is indented, lists and examples, is left as it is. */
function wrapProse(text: string, width: number): string {
  const helper = Object.assign(new Help(), layout);
  return text.replace(/^\S.*(?:\n\S.*)*/gm, (prose) => {
    return helper.boxWrap(prose.replaceAll("\n", " "), width);
  });
}

function emphasize(text: string, isColoured: boolean): string {
  if (!isColoured) return text;
  return text.replace(/^(?:Usage:|[A-Z][\w ,]*:$)/gm, (title) =>
    styleText("bold", title, { validateStream: false }),
  );
}
