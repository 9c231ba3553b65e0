import { type Answer, ask } from "../client/ask.ts";
import { didYouMean } from "../config/nearest.ts";
import { RelayError } from "../errors.ts";
import type { Answerer } from "../exchange.ts";
import { version } from "../version.ts";
import { modelsOf, refuseDenied, refuseOthers, relayFailure, sayingOf } from "./answer.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";

type Parts = {
  answer: Answerer;
  origin: string;
  model: string | undefined;
  /** Why there is nothing to say about a key. */
  keyless: string | undefined;
  needs: string[];
};

/** Whether an OpenAI API answers, takes the key and has the model. None of it costs anything. */
export function httpSteps({ answer, origin, model, keyless, needs }: Parts): Step[] {
  let models: Answer;

  async function http(signal: AbortSignal): Promise<Finding> {
    models = await get(answer, { origin, target: "/v1/models", signal });
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
    const found = await get(answer, { origin, target, signal });
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
    const { status, body } = await get(answer, { origin, target: "/_relay/health", signal }).catch(
      explainRefusal,
    );
    if (status === 200 && /"status":"ok"/.test(body.toString("latin1")))
      return { detail: `${origin} serves` };
    const hint = "Another program has that port: check the address that relay start printed.";
    throw new CheckFailure(8, `${origin} is not a relay (GET /_relay/health → ${status})`, hint);
  }
  return { name: "relay", needs: ["config"], run };
}

/** Here it is the relay itself that cannot be reached. */
function explainRefusal(error: unknown): never {
  if (!(error instanceof CheckFailure)) throw error;
  const hint = "Start it with relay start, or check the address that it printed.";
  throw new CheckFailure(error.exitCode, error.message, hint);
}

type Where = { origin: string; target: string; signal: AbortSignal };

async function get(answer: Answerer, { origin, target, signal }: Where): Promise<Answer> {
  const { host } = new URL(origin);
  const headers = [
    "Host",
    host,
    "User-Agent",
    `openai-relay/${version}`,
    "Accept",
    "application/json",
  ];
  return ask(answer, { target, headers, signal }).catch((error: unknown) => {
    throw error instanceof RelayError ? relayFailure(error.code, error.message) : error;
  });
}
