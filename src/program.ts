import { type Command, program } from "commander";
import { protectProcess } from "./commands/protect.ts";
import { masked } from "./config/shown.ts";
import { version } from "./version.ts";

/** Each command is loaded only when it is asked for: the others would cost every start their time. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./commands/start.ts")).start,
  check: async () => (await import("./commands/check.ts")).check,
  curl: async () => (await import("./commands/curl.ts")).curl,
  run: async () => (await import("./commands/run.ts")).run,
  key: async () => (await import("./commands/key.ts")).key,
  tls: async () => (await import("./commands/tls.ts")).tls,
  token: async () => (await import("./commands/token.ts")).token,
  config: async () => (await import("./commands/config.ts")).config,
};

/** Runs the command that `argv` (as `process.argv`) asks for. Throws instead of ending the process. */
export async function run(argv: readonly string[]): Promise<void> {
  program
    .name("relay")
    .description(
      "A local relay for the OpenAI API: puts the key on, forwards everything byte for byte",
    )
    .version(version, "-V, --version", "print the version")
    .enablePositionalOptions()
    .helpCommand("help [command]", "show what a command does")
    .addHelpText("after", examples);
  const asked = argv[2] ?? "";
  const names = Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands);
  for (const name of names) program.addCommand(await commands[name]!());
  protectProcess();
  throwInsteadOfExit(program);
  if (argv.length < 3) program.outputHelp();
  else await program.parseAsync(argv);
}

const examples = `
Examples:
  relay start --mock                     try it without a key and without network
  relay start                            relay to OpenAI with OPENAI_API_KEY
  relay check                            find out why a call to OpenAI fails
  relay curl /v1/models                  one call with the key, no server needed
  relay run -- pytest                    a relay for one command, which never sees the key
  relay tls                              serve https:// and wss:// as well
`;

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  // Its errors quote what was typed.
  command.configureOutput({ outputError: (text, write) => write(masked(text)) });
  for (const sub of command.commands) throwInsteadOfExit(sub);
}
