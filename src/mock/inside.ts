import type { Config } from "../config/settings.ts";
import { RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, Reply, Upgrader } from "../exchange.ts";
import { type Answer, refused, send } from "./answer.ts";
import { digestOf } from "./asked.ts";
import { hear } from "./heard.ts";
import { createLimits, RatedReply } from "./limits.ts";
import { createMock } from "./mock.ts";
import { type Pace, paced } from "./pace.ts";
import { Refusal } from "./refusal.ts";
import { createMockUpgrade } from "./websocket/upgrade.ts";

/** The mock with all that settings say of it: rate limits and a pace. */
export function createMocked(config: Config): { answer: Answerer; upgrade: Upgrader } {
  const pace = paceOf(config);
  const improvise = createMock();
  const limits = createLimits({
    requests: config.mockRequestsPerMinute,
    tokens: config.mockTokensPerMinute,
    per: config.mockLimitsPer,
  });

  async function listen(exchange: Exchange, reply: Reply): Promise<void> {
    if (!limits) return improvise(exchange, paced(reply, pace));
    const heard = await hear(exchange);
    const { rates, refusal } = limits(heard);
    const to = new RatedReply(reply, rates);
    if (refusal) return tell(refusal, exchange, to);
    improvise(exchange, paced(to, pace));
  }

  const answer: Answerer = (exchange, reply) => {
    listen(exchange, reply)
      .catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        return tell(refused(error), exchange, reply);
      })
      .catch((cause: unknown) => {
        reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
      });
  };
  const voice = { limits, answer: () => ({ pace }) };
  return { answer, upgrade: createMockUpgrade({ answer, warmUp: improvise, voice }) };
}

function tell(answer: Answer, exchange: Exchange, reply: Reply): Promise<void> {
  const body = Buffer.isBuffer(exchange.body) ? exchange.body : null;
  const asked = { method: exchange.method, digest: digestOf(exchange, body) };
  return send(answer, asked, reply);
}

function paceOf({ mockLatency, mockTokensPerSecond }: Config): Pace {
  const token = mockTokensPerSecond > 0 ? 1_000 / mockTokensPerSecond : 0;
  return { latency: mockLatency, token, delta: 0 };
}
