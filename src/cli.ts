import { type Command, CommanderError, program } from "commander";
import { ExitError } from "./commands/exit.ts";
import { ConfigError, UsageError } from "./config/error.ts";
import { version } from "./version.ts";

/** Each command is loaded only when it is asked for: the others would cost every start their time. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./commands/start.ts")).start,
  check: async () => (await import("./commands/check.ts")).check,
  curl: async () => (await import("./commands/curl.ts")).curl,
  config: async () => (await import("./commands/config.ts")).config,
};

async function main(): Promise<void> {
  program
    .name("relay")
    .description(
      "A local relay for the OpenAI API: puts the key on, forwards everything byte for byte",
    )
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show what a command does")
    .addHelpText("after", examples);
  const asked = process.argv[2] ?? "";
  const names = Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands);
  for (const name of names) program.addCommand(await commands[name]!());
  throwInsteadOfExit(program);
  if (process.argv.length < 3) {
    program.outputHelp();
    return;
  }
  await program.parseAsync();
}

const examples = `
Examples:
  relay start --mock                     try it without a key and without network
  relay start                            relay to OpenAI with OPENAI_API_KEY
  relay check                            find out why a call to OpenAI fails
  relay curl /v1/models                  one call with the key, no server needed
`;

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) throwInsteadOfExit(sub);
}

/** The one place that turns an error into a line of text and an exit code (cli-ux: 2 usage, 3 configuration). */
function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  if (message !== "") process.stderr.write(`${message}\n`);
  if (error instanceof UsageError) return 2;
  if (error instanceof ConfigError) return 3;
  if (error instanceof ExitError) return error.exitCode;
  return 1;
}

// A reader that has had enough (`| head -1`) ends neither the relay nor its answers.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

main().catch((error: unknown) => {
  process.exitCode = toExitCode(error);
});
