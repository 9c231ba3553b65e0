import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

type Where = { cwd?: string; stdio?: SpawnOptions["stdio"] };

/** Runs git or npm to its end and returns what it prints. Throws when it fails. */
export async function run(program: "git" | "npm", args: string[], where: Where = {}) {
  const { cwd = ".", stdio = ["ignore", "pipe", "inherit"] } = where;
  // What an outer npm tells its scripts about its own settings is not for this one.
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const child = spawn(program, args, {
    cwd,
    stdio,
    env: Object.fromEntries(entries),
    shell: program === "npm" && process.platform === "win32",
  });
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    printed += part;
  });
  // A terminal sends its Ctrl+C to both; what it ends is told by the exit code.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  try {
    const [code, signal] = await once(child, "close");
    if (code !== 0) throw new Error(`"${program} ${args.join(" ")}" failed (${code ?? signal}).`);
    return printed.trimEnd();
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}

/** An npm script of this repository, for everybody to see. */
export async function runScript(name: string, ...args: string[]): Promise<void> {
  await run("npm", ["run", name, "--", ...args], { stdio: ["ignore", "inherit", "inherit"] });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
