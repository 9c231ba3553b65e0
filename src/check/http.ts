import { type Answer, ask } from "../client/ask.ts";
import { didYouMean } from "../config/nearest.ts";
import { RelayError } from "../errors.ts";
import type { Answerer } from "../exchange.ts";
import { version } from "../version.ts";
import {
  modelsOf,
  refuseDenied,
  refuseOthers,
  refuseRelayError,
  relayFailure,
  sayingOf,
} from "./answer.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";

type Parts = {
  answer: Answerer;
  origin: string;
  model: string | undefined;
  /** Why there is nothing to say about a key. */
  keyless?: string | undefined;
  /** The key that is sent, which nobody may read in what comes back. */
  key?: string | undefined;
  needs: string[];
};

/** Whether an OpenAI API answers, takes the key and has the model. None of it costs anything. */
export function httpSteps({ answer, origin, model, keyless, key, needs }: Parts): Step[] {
  let models: Answer;

  async function get(target: string, signal: AbortSignal): Promise<Answer> {
    const got = await askFor(answer, { origin, target, signal });
    return { ...got, body: without(key, got.body) };
  }

  async function http(signal: AbortSignal): Promise<Finding> {
    models = await get("/v1/models", signal);
    refuseOthers(models, origin);
    return { detail: `GET /v1/models → ${models.status}` };
  }

  function auth(): Finding {
    if (keyless) return skipped(keyless);
    refuseDenied(models);
    return { detail: `the key is accepted, ${modelsOf(models)?.length} models` };
  }

  async function oneModel(signal: AbortSignal): Promise<Finding> {
    if (model === undefined) return skipped("not tried (add --model NAME)");
    if (keyless) return skipped(keyless);
    const target = `/v1/models/${encodeURIComponent(model)}`;
    const found = await get(target, signal);
    refuseDenied(found);
    if (found.status === 200) return { detail: `${model} is available` };
    const hint = `"relay curl models" lists what the key may use.${didYouMean(model, modelsOf(models) ?? [])}`;
    throw new CheckFailure(
      5,
      `${model} is not available: ${found.status} ${sayingOf(found)}`,
      hint,
    );
  }

  return [
    { name: "http", needs, run: http },
    { name: "auth", needs: ["http"], run: auth },
    { name: "model", needs: ["auth"], run: oneModel },
  ];
}

/** Whether a relay runs at the address. */
export function relayStep(answer: Answerer, origin: string): Step {
  async function run(signal: AbortSignal): Promise<Finding> {
    const target = "/_relay/health";
    const { status, body } = await askFor(answer, { origin, target, signal }).catch(explain);
    if (status === 200 && /"status":"ok"/.test(String(body))) return { detail: `${origin} serves` };
    const hint = "Another program has that port: check the address that relay start printed.";
    throw new CheckFailure(8, `${origin} is not a relay (GET ${target} → ${status})`, hint);
  }

  /** Here it is the relay itself that cannot be reached. */
  function explain(error: unknown): never {
    if (!(error instanceof CheckFailure) || error.exitCode !== 7) throw error;
    const hint = "Start it with relay start, or check the address that it printed.";
    throw new CheckFailure(7, error.message, hint);
  }

  return { name: "relay", needs: ["config"], run };
}

type Where = { origin: string; target: string; signal: AbortSignal };

async function askFor(answer: Answerer, { origin, target, signal }: Where): Promise<Answer> {
  const { host } = new URL(origin);
  const agent = ["User-Agent", `openai-relay/${version}`];
  const headers = ["Host", host, ...agent, "Accept", "application/json"];
  const got = await ask(answer, { target, headers, signal }).catch((error: unknown) => {
    throw error instanceof RelayError ? relayFailure(error.code, error.message) : error;
  });
  refuseRelayError(got);
  return got;
}

function without(key: string | undefined, body: Buffer): Buffer {
  return key === undefined ? body : Buffer.from(body.toString().replaceAll(key, "[key]"));
}
