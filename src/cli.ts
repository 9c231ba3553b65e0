import { ConfigError, UsageError } from "./config/error.ts";
import { masked } from "./config/shown.ts";
import { ExitError } from "./exit.ts";
import { describeBuild, version } from "./version.ts";

/** The one place that turns an error into a line of text and an exit code: 2 usage, 3 configuration. */
function toExitCode(error: unknown): number {
  // commander has told what is wrong already, or has shown the help that was asked for.
  if (isFromCommander(error)) return error.exitCode === 0 ? 0 : 2;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const told = error instanceof Error ? error.message : String(error);
  const message =
    syscall === "uv_cwd" ? folderGone : code === "ERR_SQLITE_ERROR" ? unreadable(told) : told;
  // It may quote what was typed.
  if (message !== "") process.stderr.write(`${masked(message)}\n`);
  if (error instanceof UsageError) return 2;
  if (error instanceof ConfigError) return 3;
  if (error instanceof ExitError) return error.exitCode;
  return 1;
}

const folderGone = "The folder that you are in is gone. Change to another one.";

/** SQLite's words name no file: "database disk image is malformed". */
function unreadable(what: string): string {
  return `The journal, or what budgets were spent, cannot be read or written: ${what}.`;
}

function isFromCommander(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && /^commander\./.test((error as { code?: string }).code ?? "");
}

const [, , asked] = process.argv;

// Node would let FORCE_COLOR win, and warn of it. What `relay run` starts decides for itself.
if (process.env.NO_COLOR && asked !== "run") delete process.env.FORCE_COLOR;

// Remarks that nobody can read, on a full disk say, end neither the relay nor its answers.
process.stderr.on("error", () => {});

process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  // A reader that has had enough (`| head -1`) is no failure; curl has words and a code of its own.
  if (code === "EPIPE" || asked === "curl") return;
  process.stderr.write(`Cannot write to standard output (${code}).\n`);
  process.exit(1);
});

function told(form: string | undefined): string {
  return form === "--json" ? JSON.stringify(describeBuild()) : version;
}

async function main(): Promise<void> {
  // Without loading anything: scripts ask this often.
  if (asked === "--version" || asked === "-V") process.stdout.write(`${told(process.argv[3])}\n`);
  else await (await import("./program.ts")).run(process.argv);
}

main().catch((error: unknown) => {
  process.exitCode = toExitCode(error);
});
