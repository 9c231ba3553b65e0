import type { Config } from "../config/settings.ts";
import { RelayError } from "../errors.ts";
import type { KeySource } from "../upstream/key.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";

const kinds: [start: string, kind: string][] = [
  ["sk-proj-", "project key"],
  ["sk-svcacct-", "service account key"],
  ["sk-admin-", "admin key"],
  ["sk-", "user key"],
];

/** Whether there is a key that looks like one; `key` gives it once the step has been taken. */
export function keyStep(
  config: Config,
  keys: KeySource,
): { step: Step; key: () => string | undefined } {
  let key: string | undefined;

  async function run(): Promise<Finding> {
    if (config.mock) return skipped("the mock needs no key");
    if (config.auth === "passthrough")
      return skipped("auth is passthrough: clients bring their own");
    key = await read(keys);
    const detail = `${keys.source}, ${describeKey(key)}`;
    if (key.startsWith("sk-admin-")) {
      const hint = "Calls to models need an ordinary key; this one belongs in OPENAI_ADMIN_KEY.";
      return { status: "warning", detail, hint };
    }
    const isOpenAi = new URL(config.upstream).hostname.endsWith("openai.com");
    if (isOpenAi && !key.startsWith("sk-")) {
      return {
        status: "warning",
        detail,
        hint: "Keys of OpenAI start with sk-: is this the right one?",
      };
    }
    return { detail };
  }
  return { step: { name: "key", needs: ["config"], run }, key: () => key };
}

async function read(keys: KeySource): Promise<string> {
  const key = await Promise.resolve(keys.key()).catch((error: unknown) => {
    if (!(error instanceof RelayError)) throw error;
    throw new CheckFailure(
      4,
      error.message,
      "The file or command must give the key and nothing else.",
    );
  });
  if (key === undefined) {
    throw new CheckFailure(
      4,
      "there is no API key",
      "Set OPENAI_API_KEY, or name a file with --key-file.",
    );
  }
  if (/^["'`]|["'`]$/.test(key)) {
    throw new CheckFailure(
      4,
      `the key from ${keys.source} has quotes around it`,
      "Take the quotes away.",
    );
  }
  return key;
}

/** What may be told of a key: its kind and how it ends, if that leaves enough untold. */
function describeKey(key: string): string {
  const [start = "", kind = "of an unknown kind"] =
    kinds.find(([start]) => key.startsWith(start)) ?? [];
  return `${start}…${key.length >= 20 ? key.slice(-4) : ""} (${kind})`;
}
