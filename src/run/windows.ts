import { existsSync } from "node:fs";
import { join } from "node:path";

type Invocation = [file: string, args: string[], extras: { windowsVerbatimArguments?: true }];

/** What to start for a command: itself, but on Windows cmd.exe where it is a batch file. */
export function toInvocation(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Invocation {
  const batch = process.platform === "win32" ? findBatchFile(program, env) : undefined;
  if (batch === undefined) return [program, [...args], {}];
  const line = toCommandLine(batch, args);
  return [
    process.env.ComSpec ?? "cmd.exe",
    ["/d", "/s", "/c", `"${line}"`],
    { windowsVerbatimArguments: true },
  ];
}

/** npm installs programs as .cmd files, which Windows itself cannot start. */
function findBatchFile(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = Object.entries(env).find(([name]) => name.toUpperCase() === "PATH")?.[1] ?? "";
  const folders = /[\\/]/.test(program) ? [""] : path.split(";");
  const endings = (process.env.PATHEXT ?? ".COM;.EXE;.BAT;.CMD").split(";");
  for (const folder of folders)
    for (const ending of ["", ...endings]) {
      const file = join(folder, program + ending);
      if (!/\.[a-z0-9]+$/i.test(file) || !existsSync(file)) continue;
      return /\.(cmd|bat)$/i.test(file) ? file : undefined;
    }
  return undefined;
}

/** The line that cmd.exe reads. The arguments are read twice: by it, and by the batch file. */
export function toCommandLine(file: string, args: readonly string[]): string {
  return [caret(file), ...args.map((arg) => caret(caret(quote(arg))))].join(" ");
}

/** One argument by the rules that C programs split their command line with. */
function quote(arg: string): string {
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** With a caret before everything that means something to cmd.exe. */
function caret(text: string): string {
  return text.replace(/[()[\]%!^"`<>&|;, *?]/g, "^$&");
}
