import { costOf } from "../usage/cost.ts";
import type { Prices } from "../usage/prices.ts";
import { UsageTap } from "../usage/tap.ts";
import type { Certainty, Cost, Usage } from "../usage/usage.ts";
import { usageOf } from "../usage/usage-of.ts";

/** Events after which a response, or a part of it, has used what it uses. */
const last =
  /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed|done)|[\w.]*transcription\.completed)"/;
const first = /"type"\s*:\s*"response\.created"/;

/** Adds up what the responses of a WebSocket used. */
export class SocketUsage {
  model: string | undefined;
  #prices: Prices;
  #open = 0;
  #usage: Usage | undefined;
  #cost: Cost | undefined;

  constructor(prices: Prices) {
    this.#prices = prices;
  }

  /** What the server says; `asked`: the model that the client named, where the server names none. */
  hear(message: Buffer, asked: string | undefined): void {
    const text = message.toString("latin1", 0, 1024);
    if (first.test(text)) this.#open++;
    if (!message.includes('usage"')) return;
    if (!last.test(text) && !last.test(message.toString("latin1"))) return;
    const tap = new UsageTap("json");
    tap.chunk(message);
    const found = tap.found();
    if (found.model !== undefined) this.model = found.model;
    const event = usageOf(anyOperation, found, { status: 200, ending: "complete" });
    if (event && found.usage !== undefined) this.#add(event, this.model ?? asked, found.tier);
  }

  /** What is known of it when the WebSocket ends: of a response under way it will never be. */
  whole(): { usage?: Usage; cost?: Cost } {
    const usage = this.#usage ?? (this.#open > 0 ? { state: "unknown" as const } : undefined);
    if (!usage) return {};
    const cost = this.#cost ?? { state: "unknown" as const, nano: 0 };
    if (this.#open === 0 || usage.state === "unknown") return { usage, cost };
    return {
      usage: { ...usage, state: "partial" },
      cost: { ...cost, state: cost.state === "unknown" ? "unknown" : "partial" },
    };
  }

  #add(event: Usage, model: string | undefined, tier: string | undefined): void {
    this.#open = Math.max(0, this.#open - 1);
    const cost = costOf(model, event, tier, this.#prices);
    this.#usage = this.#usage ? sum(this.#usage, event) : event;
    this.#cost = this.#cost
      ? { state: worse(this.#cost, cost), nano: this.#cost.nano + cost.nano }
      : cost;
  }
}

/** Which one makes no difference to how its usage is read. */
const anyOperation = { method: "POST", path: "/v1/responses" };

function sum(one: Usage, other: Usage): Usage {
  const total: Usage = { ...one, state: worse(one, other) };
  for (const name of Object.keys(other) as (keyof Usage)[])
    if (name === "hasFees") total.hasFees = true;
    else if (name !== "state") total[name] = (total[name] ?? 0) + other[name]!;
  return total;
}

/** A sum of what is known and what is not is a part. */
function worse(one: { state: Certainty }, other: { state: Certainty }): Certainty {
  return one.state === other.state ? one.state : "partial";
}
