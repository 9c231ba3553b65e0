import type { Answer } from "../client/ask.ts";
import { didYouMean } from "../config/nearest.ts";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { modelsOf, printable, refuseNoList, sayingOf } from "./answer.ts";
import { clockStep } from "./clock.ts";
import { refuseDenied, type Sent } from "./denied.ts";
import { limitsStep } from "./limits.ts";
import { CheckFailure, count, type Finding, type Seen, type Step, skipped } from "./step.ts";
import { streamStep } from "./stream.ts";
import { get, type Other } from "./talk.ts";
import { webSocketStep } from "./websocket.ts";

/** What the user wants to know. */
export type Asked = {
  model: string | undefined;
  /** A streamed call as well, which is billed. */
  deep: boolean;
  /** Milliseconds for what is often slow. */
  slowMs: number;
  /** Hears what a step is about to cost. */
  remark(text: string): void;
};

export type HttpParts = Asked & {
  other: Other;
  sent: () => Sent;
  /** Why there is nothing to say about a key. */
  keyless: string | undefined;
  hasAdminKey: () => boolean;
  needs: string[];
  seen: Seen;
  /** Why no WebSocket is tried. */
  noWebSocket: string | undefined;
};

/** Whether an OpenAI API answers, takes the key and has the model. Only `deep` costs anything. */
export function httpSteps(parts: HttpParts): Step[] {
  const { other, sent, model, keyless, hasAdminKey, needs } = parts;
  let models: Answer;
  const told: HeaderList[] = [];

  async function http(signal: AbortSignal): Promise<Finding> {
    models = await get(other, "/v1/models", signal);
    refuseNoList(models, other.name);
    told.push(models.headers);
    return { detail: `GET /v1/models → ${models.status}` };
  }

  function auth(): Finding {
    if (keyless) return skipped(keyless);
    refuseDenied(models, sent());
    const detail = `the key is accepted, ${count(modelsOf(models)?.length ?? 0, "model")}`;
    const notes = ["organization", "project"].flatMap((name) => {
      const value = headerOf(models.headers, `openai-${name}`);
      return value ? `${name} ${printable(value)}` : [];
    });
    return notes.length > 0 ? { detail, notes } : { detail };
  }

  async function admin(signal: AbortSignal): Promise<Finding> {
    if (!hasAdminKey()) return skipped("no admin key");
    const target = "/v1/organization/projects?limit=1";
    const answer = await get(other, target, signal);
    refuseDenied(answer, { ...sent(), keySource: "the admin key" });
    if (answer.status === 200) return { detail: "the admin key is accepted" };
    const hint = "The upstream may have no admin operations: then the admin key is of no use.";
    const said = sayingOf(answer);
    const detail = `GET ${target} → ${answer.status}${said && ` ${said}`}`;
    return { status: "warning", detail, hint };
  }

  async function oneModel(signal: AbortSignal): Promise<Finding> {
    if (model === undefined) return skipped("not tried (add --model NAME)");
    if (keyless) return skipped(keyless);
    const found = await get(other, `/v1/models/${encodeURIComponent(model)}`, signal);
    refuseDenied(found, sent());
    if (found.status === 200) return { detail: `${model} is available` };
    const near = didYouMean(model, modelsOf(models) ?? []);
    const hint = `"relay curl models" lists what the key may use.${near}`;
    const said = `${found.status} ${sayingOf(found)}`.trim();
    throw new CheckFailure(5, `${model} is not available: ${said}`, hint);
  }

  return [
    { name: "http", needs, run: http },
    clockStep(() => models),
    { name: "auth", needs: ["http"], run: auth },
    { name: "admin", needs: ["http", "admin key"], run: admin },
    { name: "model", needs: ["auth"], run: oneModel },
    streamStep(parts, { models: () => modelsOf(models) ?? [], told }),
    limitsStep(() => told),
    webSocketStep(parts),
  ];
}
