import { join } from "node:path";
import type { Ended } from "./child.ts";
import type { Which } from "./source.ts";

/** How to run a tool; what it reads on standard input. */
export type Call = { argv: string[]; input?: string };

/** A program that comes with the system, or beside it, and keeps secrets. */
export type Tool = {
  name: string;
  /** What to say when it is not there. */
  missing: string;
  read(which: Which): Call;
  /** The key goes in through standard input: others can read the arguments of a program. */
  store(which: Which, key: string): Call;
  remove(which: Which): Call;
  /** Whether a failed `read` means that nothing is kept. */
  isNone(ended: Ended): boolean;
};

const service = "openai-relay";
const accounts: Record<Which, string> = { key: "api-key", admin: "admin-key" };
const labels: Record<Which, string> = {
  key: "OpenAI API key of openai-relay",
  admin: "OpenAI admin key of openai-relay",
};

export function toolOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Tool {
  if (platform === "darwin") return security;
  return platform === "win32" ? passwordVault(env) : secretTool;
}

/** Of libsecret, which talks to the keyrings of GNOME, KDE and others. */
const secretTool: Tool = {
  name: "secret-tool",
  missing: "There is no secret-tool here (Debian and Ubuntu: the package libsecret-tools).",
  read: (which) => ({ argv: ["secret-tool", "lookup", ...attributes(which)] }),
  store: (which, key) => ({
    argv: ["secret-tool", "store", `--label=${labels[which]}`, ...attributes(which)],
    input: key,
  }),
  remove: (which) => ({ argv: ["secret-tool", "clear", ...attributes(which)] }),
  isNone: ({ code, stderr }) => code === 1 && stderr.trim() === "",
};

function attributes(which: Which): string[] {
  return ["service", service, "account", accounts[which]];
}

/** Of macOS. */
const security: Tool = {
  name: "security",
  missing: "There is no program named security here, the one of macOS for keychains.",
  read: (which) => ({ argv: ["security", "find-generic-password", ...item(which), "-w"] }),
  store: (which, key) => ({
    // As hexadecimal digits the key needs no quoting.
    argv: ["security", "-i"],
    input: `add-generic-password -U ${item(which).join(" ")} -l ${service} -X ${Buffer.from(key).toString("hex")}\n`,
  }),
  remove: (which) => ({ argv: ["security", "delete-generic-password", ...item(which)] }),
  isNone: ({ code }) => code === notFound,
};

function item(which: Which): string[] {
  return ["-s", service, "-a", accounts[which]];
}

/** The exit code of `security` for an item that is not there; the scripts below use it too. */
const notFound = 44;

/** The Credential Locker, through the PowerShell that is part of Windows; newer ones cannot reach it. */
function passwordVault({ SystemRoot = "C:\\Windows" }: NodeJS.ProcessEnv): Tool {
  // Not by its bare name: Windows would look for that in the working directory first.
  const program = join(SystemRoot, "System32", "WindowsPowerShell", "v1.0", "powershell.exe");
  const run = (script: string) => {
    const line = script.replace(/\s+/g, " ");
    return [program, "-NoProfile", "-NonInteractive", "-Command", line];
  };
  return {
    name: "powershell.exe",
    missing: `There is no ${program} here.`,
    read: (which) => ({
      argv: run(`${find(which)} $found.RetrievePassword(); [Console]::Out.Write($found.Password)`),
    }),
    store: (which, key) => ({
      argv: run(`${vault} $vault.Add((New-Object ${credentials}.PasswordCredential(
        '${service}', '${accounts[which]}', [Console]::In.ReadToEnd())))`),
      input: key,
    }),
    remove: (which) => ({ argv: run(`${find(which)} $vault.Remove($found)`) }),
    isNone: ({ code }) => code === notFound,
  };
}

const credentials = "Windows.Security.Credentials";
const vault = `$ErrorActionPreference = 'Stop';
  [void][${credentials}.PasswordVault, ${credentials}, ContentType = WindowsRuntime];
  $vault = New-Object ${credentials}.PasswordVault;`;

function find(which: Which): string {
  return `${vault} $found = $vault.RetrieveAll() |
    Where-Object { $_.Resource -eq '${service}' -and $_.UserName -eq '${accounts[which]}' } |
    Select-Object -First 1;
  if (-not $found) { exit ${notFound} };`;
}
