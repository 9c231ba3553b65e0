import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A program that makes one call, and exits with 0 when it takes the answer for good. */
export type Client = { name: string; command: string[] };

const root = join(import.meta.dirname, "../..");

/** The clients that are here; Codex only where CODEX_BIN says where it is. */
export function findClients(): Client[] {
  const codex = process.env.CODEX_BIN;
  return [
    { name: `openai ${versionOf("openai")}, chat`, command: script("openai-chat") },
    { name: `openai ${versionOf("openai")}, responses`, command: script("openai-responses") },
    { name: `ai ${versionOf("ai")}`, command: script("ai") },
    { name: `curl ${curlVersion()} --retry 2`, command: ["sh", "-c", curl] },
    ...(codex
      ? [{ name: codexVersion(codex), command: [codex, "exec", ...quietly, "Say hello"] }]
      : []),
  ];
}

const quietly = ["--skip-git-repo-check"];

const curl = `curl -fsSN --retry 2 "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \
-H 'Content-Type: application/json' \
-d '{"model": "gpt-5", "stream": true, "messages": [{"role": "user", "content": "Grüße, ☂ 🎉"}]}'`;

function script(name: string): string[] {
  return [process.execPath, join(import.meta.dirname, "clients", `${name}.ts`)];
}

function versionOf(library: string): string {
  const file = join(root, "node_modules", library, "package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}

function curlVersion(): string {
  return execFileSync("curl", ["--version"], { encoding: "utf8" }).split(" ")[1]!;
}

function codexVersion(codex: string): string {
  return execFileSync(codex, ["--version"], { encoding: "utf8" }).trim();
}
