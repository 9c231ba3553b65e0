import type { Config } from "../config/settings.ts";
import { RelayError } from "../errors.ts";
import { tellOf } from "../key/fingerprint.ts";
import type { Key } from "../key/holder.ts";
import type { Keys } from "../key/keys.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";

/** Whether there is a key that looks like one; `key` gives it once the step has been taken. */
export function keyStep(config: Config, keys: Keys): { step: Step; key: () => string | undefined } {
  let key: string | undefined;

  async function run(): Promise<Finding> {
    if (config.mock) return skipped("the mock needs no key");
    if (config.auth === "passthrough")
      return skipped("auth is passthrough: clients bring their own");
    const { value, source } = await find(keys);
    key = value;
    const { form, kind } = tellOf(key);
    const detail = `${source}, ${form} (${kind})`;
    if (key.startsWith("sk-admin-")) {
      const hint = "Calls to models need an ordinary key; this one belongs in OPENAI_ADMIN_KEY.";
      return { status: "warning", detail, hint };
    }
    const isOpenAi = new URL(config.upstream).hostname.endsWith("openai.com");
    if (isOpenAi && !key.startsWith("sk-")) {
      const hint = "Keys of OpenAI start with sk-: is this the right one?";
      return { status: "warning", detail, hint };
    }
    return { detail };
  }
  return { step: { name: "key", needs: ["config"], run }, key: () => key };
}

async function find(keys: Keys): Promise<Key> {
  const key = await Promise.resolve(keys.find("/v1/models", false, undefined)).catch(explain);
  if (key) return key;
  const [detail, hint] = sentences(keys.missing);
  throw new CheckFailure(4, detail, hint);
}

function explain(error: unknown): never {
  if (!(error instanceof RelayError)) throw error;
  const [detail, hint] = sentences(error.message);
  throw new CheckFailure(4, detail, hint || "It must give the key and nothing else.");
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
