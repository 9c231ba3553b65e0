import type { Config } from "../config/settings.ts";
import { RelayError } from "../errors.ts";
import { tellOf } from "../key/fingerprint.ts";
import type { Key } from "../key/holder.ts";
import type { Keys } from "../key/keys.ts";
import { keyRemarks } from "../key/remarks.ts";
import { CheckFailure, count, type Finding, type Step, skipped } from "./step.ts";

/** The keys that were found, each once its step has been taken. */
export type FoundKeys = { key?: Key; admin?: Key };

type Parts = { config: Config; env: NodeJS.ProcessEnv; keys: Keys; timeoutMs: number };

/** Whether there is a key, and an admin key, that looks like one. */
export function keySteps(parts: Parts, found: FoundKeys): Step[] {
  const { config, keys, timeoutMs } = parts;
  const limit = { ms: timeoutMs, late: (seconds: number) => tooSlow(config, seconds) };

  async function key(): Promise<Finding> {
    if (config.mock) return skipped("the mock needs no key");
    if (config.auth === "passthrough")
      return skipped("auth is passthrough: clients bring their own");
    const given = await ask(keys, "/v1/models");
    if (!given) {
      const [detail, hint] = sentences(keys.missing);
      throw new CheckFailure(4, detail, hint);
    }
    found.key = given;
    return describe(given.value, given.source, parts);
  }

  async function adminKey(): Promise<Finding> {
    if (config.mock || config.auth === "passthrough") return skipped("none is needed either");
    const given = await ask(keys, "/v1/organization/projects", true);
    if (given?.name !== "admin") return skipped("none (only admin operations need one)");
    found.admin = given;
    const { form, kind } = tellOf(given.value);
    return { detail: `${given.source}, ${form} (${kind})` };
  }

  const doing = config.keyCommand[0] && `waits for the command ${config.keyCommand[0]}`;
  return [
    { name: "key", needs: ["config"], limit, run: key, ...(doing && { doing }) },
    { name: "admin key", needs: ["config"], limit, run: adminKey },
  ];
}

async function describe(key: string, source: string, { config, env }: Parts): Promise<Finding> {
  const { form, kind } = tellOf(key);
  const detail = `${source}, ${form} (${kind})`;
  const rules = config.keys.length;
  const notes = rules > 0 ? { notes: [`not tried: ${count(rules, "rule")} of keys`] } : {};
  const hints = await keyRemarks(config, env);
  if (key.startsWith("sk-admin-"))
    hints.push("Calls to models need an ordinary key; this one belongs in OPENAI_ADMIN_KEY.");
  else if (new URL(config.upstream).hostname.endsWith("openai.com") && !key.startsWith("sk-"))
    hints.push("Keys of OpenAI start with sk-: is this the right one?");
  if (hints.length === 0) return { detail, ...notes };
  return { status: "warning", detail, hint: hints.join(" "), ...notes };
}

async function ask(keys: Keys, path: string, isAdmin = false): Promise<Key | undefined> {
  return Promise.resolve(keys.find(path, isAdmin, undefined)).catch(explain);
}

function explain(error: unknown): never {
  if (!(error instanceof RelayError)) throw error;
  const [detail, hint] = sentences(error.message);
  throw new CheckFailure(4, detail, hint || "It must give the key and nothing else.");
}

function tooSlow({ keyCommand: [command], keyFile }: Config, seconds: number): CheckFailure {
  const from = command
    ? `the command ${command}`
    : keyFile === "-"
      ? "standard input"
      : "its place";
  const hint = command
    ? "Run it by hand: it may wait for a password, or for a network that is not there."
    : "Give the key, and end the input.";
  return new CheckFailure(4, `no key came from ${from} within ${seconds} s`, hint);
}

/** What is so, and what to do. */
function sentences(text: string): [first: string, rest: string] {
  const [first = "", ...rest] = text.split(/\.(?: |$)/);
  return [
    first,
    rest
      .filter(Boolean)
      .map((sentence) => `${sentence}.`)
      .join(" "),
  ];
}
