import type { Config } from "../config/settings.ts";
import { printable } from "../config/shown.ts";
import { RelayError } from "../errors.ts";
import { tellOf } from "../key/fingerprint.ts";
import { type Key, readKey } from "../key/holder.ts";
import type { Keys } from "../key/keys.ts";
import { keyRemarks } from "../key/remarks.ts";
import { sourcesOf } from "../key/sources.ts";
import { CheckFailure, count, type Finding, type Step, skipped } from "./step.ts";

/** The keys that were found, each once its step has been taken. */
export type FoundKeys = { key?: Key; admin?: string };

type Parts = { config: Config; env: NodeJS.ProcessEnv; keys: Keys; timeoutMs: number };

/** Whether there is a key, and an admin key, that looks like one. */
export function keySteps(parts: Parts, found: FoundKeys): Step[] {
  const { config, env, keys, timeoutMs } = parts;
  const limitOf = (command: string | undefined) => ({
    ms: timeoutMs,
    late: (seconds: number) => tooSlow(command, seconds),
  });

  async function key(): Promise<Finding> {
    if (config.mock) return skipped("the mock needs no key");
    if (config.auth === "passthrough")
      return skipped("auth is passthrough: clients bring their own");
    const given = await Promise.resolve(keys.find("/v1/models", false, undefined)).catch(explain);
    if (!given) {
      const [detail, hint] = sentences(keys.missing);
      throw new CheckFailure(4, detail, hint);
    }
    found.key = given;
    return describe(given.value, given.source, parts);
  }

  async function adminKey(signal: AbortSignal): Promise<Finding> {
    if (config.mock || config.auth === "passthrough") return skipped("none is needed either");
    const [source] = sourcesOf(config, env, "admin");
    const given = source && (await readKey(source, signal).catch(explain));
    if (!source || !given) return skipped("none (only admin operations need one)");
    found.admin = given;
    const { form, kind } = tellOf(given);
    return { detail: `${source.name}, ${form} (${kind})` };
  }

  function step(name: string, [program]: string[], run: Step["run"]): Step {
    const command = program && printable(program);
    const doing = command === undefined ? {} : { doing: `waits for the command ${command}` };
    return { name, needs: ["config"], ...doing, limit: limitOf(command), run };
  }

  return [step("key", config.keyCommand, key), step("admin key", config.adminKeyCommand, adminKey)];
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

function explain(error: unknown): never {
  if (!(error instanceof RelayError)) throw error;
  const [detail, hint] = sentences(error.message);
  throw new CheckFailure(4, detail, hint || "It must give the key and nothing else.");
}

function tooSlow(command: string | undefined, seconds: number): CheckFailure {
  const from = command === undefined ? "" : ` from the command ${command}`;
  const hint = command
    ? "Run it by hand: it may wait for a password, or for a network that is not there."
    : "A key that is read from standard input has to end; a keychain may wait to be unlocked.";
  return new CheckFailure(4, `no key came${from} within ${seconds} s`, hint);
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
