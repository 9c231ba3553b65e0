import { Command } from "commander";
import { protectProcess } from "./commands/protect.ts";
import { masked } from "./config/shown.ts";
import { layOutHelp } from "./help.ts";
import { version } from "./version.ts";

type Row = [summary: string, load: () => Promise<Command>];

/** A command is loaded only when it is asked for: the others would cost every start their time. */
const commands: Record<string, Row> = {
  start: [
    "start the relay and serve until told to stop",
    async () => (await import("./commands/start.ts")).start,
  ],
  check: [
    "find out why calls to OpenAI fail",
    async () => (await import("./commands/check.ts")).check,
  ],
  curl: [
    "make one call as curl would, with the key on it",
    async () => (await import("./commands/curl.ts")).curl,
  ],
  run: [
    "run a command with a relay of its own",
    async () => (await import("./commands/run.ts")).run,
  ],
  tape: [
    "look at recorded exchanges, check and import them",
    async () => (await import("./commands/tape.ts")).tape,
  ],
  logs: [
    "print the last calls, and follow them",
    async () => (await import("./commands/logs.ts")).logs,
  ],
  show: [
    "show one call: what was asked, what came and when",
    async () => (await import("./commands/show.ts")).show,
  ],
  top: ["show the calls that run now, live", async () => (await import("./commands/top.ts")).top],
  cost: [
    "add up what calls did cost, show the budgets",
    async () => (await import("./commands/cost.ts")).cost,
  ],
  replay: [
    "send a call again, as it was or with changes",
    async () => (await import("./commands/replay.ts")).replay,
  ],
  diff: [
    "say how two calls differ, or why the prompt cache missed",
    async () => (await import("./commands/diff.ts")).diff,
  ],
  journal: [
    "list, remove and export calls",
    async () => (await import("./commands/journal.ts")).journal,
  ],
  open: [
    "open the page that shows what goes through the relay",
    async () => (await import("./commands/open.ts")).open,
  ],
  mcp: [
    "let coding agents look at the journal",
    async () => (await import("./commands/mcp.ts")).mcp,
  ],
  key: [
    "keep the key in the system's keychain, see which is used",
    async () => (await import("./commands/key.ts")).key,
  ],
  tls: [
    "make a certificate for https:// and wss://",
    async () => (await import("./commands/tls.ts")).tls,
  ],
  token: [
    "manage tokens that let clients in",
    async () => (await import("./commands/token.ts")).token,
  ],
  reload: [
    "let the running relay read its settings anew",
    async () => (await import("./commands/reload.ts")).reload,
  ],
  service: [
    "start the relay whenever you log in",
    async () => (await import("./commands/service.ts")).service,
  ],
  config: [
    "show settings, write and trust files",
    async () => (await import("./commands/config.ts")).config,
  ],
  completion: [
    "let your shell complete commands, flags and values",
    async () => (await import("./commands/completion.ts")).completion,
  ],
};

export const commandNames = Object.keys(commands);

/** Runs the command that `argv` (as `process.argv`) asks for. Throws instead of ending the process. */
export async function run(argv: readonly string[]): Promise<void> {
  protectProcess();
  const [first, ...rest] = argv.slice(2);
  if (first === "complete" && rest[0] === "--") return answerShell(rest.slice(1));
  const words = first === "help" ? wordsOfHelp(rest) : argv.slice(2);
  const program = await createProgram(words.slice(0, 1));
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: "user" });
}

/** Whatever command it is that help is wanted for, it has --help. */
function wordsOfHelp(names: readonly string[]): string[] {
  const isKnown = names.length === 0 || commandNames.includes(names[0]!);
  return isKnown ? [...names, "--help"] : [...names];
}

/** A shell asks what the last word may become. */
async function answerShell(words: readonly string[]): Promise<void> {
  const { complete } = await import("./completion/complete.ts");
  const program = await createProgram(words.slice(0, 1));
  process.stdout.write(complete(program, words));
}

/** The program with those commands that are asked for; of the others it knows what they are for. */
export async function createProgram(asked: readonly string[]): Promise<Command> {
  const program = new Command("relay")
    .description(
      "A local relay for the OpenAI API: puts the key on, forwards everything byte for byte",
    )
    .version(version, "-V, --version", "print the version; with --json, which build it is")
    .enablePositionalOptions()
    .helpCommand("help [command...]", "print the help of a command")
    .addHelpText("after", examples);
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const command = asked.includes(name) ? await load() : new Command(name);
    program.addCommand(command.summary(summary));
  }
  throwInsteadOfExit(program);
  layOutHelp(program);
  return program;
}

const examples = `
Examples:
  relay start --mock         try it without a key and without network
  relay start                relay to OpenAI with OPENAI_API_KEY
  relay check                find out why a call to OpenAI fails
  relay curl /v1/models      one call with the key, no server needed
  relay run -- pytest        a relay for one command, which never sees the key
  relay tls                  serve https:// and wss:// as well

"relay help <command>" has more.`;

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  // Its errors quote what was typed.
  command.configureOutput({ outputError: (text, write) => write(masked(text)) });
  for (const sub of command.commands) throwInsteadOfExit(sub);
}
