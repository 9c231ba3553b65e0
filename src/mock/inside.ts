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
import { paceOf, render, saidOf } from "./script/render.ts";
import { createScript, type Script } from "./script/script.ts";
import { createVoice } from "./script/voice.ts";
import type { UpgradeParts } from "./websocket/upgrade.ts";

export type Mocked = { answer: Answerer; upgrade: Upgrader };

/** The mock with all that settings say of it: rate limits, a script, a pace. */
export async function createMocked(config: Config): Promise<Mocked> {
  const pace = toPace(config);
  const improvise = createMock();
  const limits = createLimits({
    requests: config.mockRequestsPerMinute,
    tokens: config.mockTokensPerMinute,
    per: config.mockLimitsPer,
  });
  const script = config.mockScript === "" ? undefined : await readScript(config.mockScript);

  async function listen(exchange: Exchange, reply: Reply): Promise<void> {
    if (!limits && !script) return improvise(exchange, paced(reply, pace));
    const heard = await hear(exchange);
    const admission = limits?.(heard);
    const to = admission ? new RatedReply(reply, admission.rates) : reply;
    if (admission?.refusal) return tell(admission.refusal, exchange, to);
    const rule = script?.(heard);
    if (!rule) return improvise(exchange, paced(to, pace));
    const scripted = render(rule, heard);
    const slowly = paced(to, paceOf(rule, pace));
    if (scripted) return tell(scripted, exchange, slowly);
    improvise(exchange, slowly, saidOf(rule, heard));
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
  const voice = createVoice({ limits, script, pace });
  return { answer, upgrade: onceAsked(() => openUpgrade({ answer, warmUp: improvise, voice })) };
}

// Each of these is loaded only when it is used.

async function openUpgrade(parts: UpgradeParts): Promise<Upgrader> {
  const { createMockUpgrade } = await import("./websocket/upgrade.ts");
  return createMockUpgrade(parts);
}

async function readScript(file: string): Promise<Script> {
  const { loadScript } = await import("./script/load.ts");
  return createScript(await loadScript(file));
}

function onceAsked(open: () => Promise<Upgrader>): Upgrader {
  let opened: Promise<Upgrader> | undefined;
  return function upgrade(exchange, reply) {
    opened ??= open();
    opened
      .then((upgrade) => upgrade(exchange, reply))
      .catch((cause: unknown) => reply.fail(relayBug(cause)));
  };
}

function tell(answer: Answer, exchange: Exchange, reply: Reply): Promise<void> {
  const body = Buffer.isBuffer(exchange.body) ? exchange.body : null;
  const asked = { method: exchange.method, digest: digestOf(exchange, body) };
  return send(answer, asked, reply);
}

function toPace({ mockLatency, mockTokensPerSecond }: Config): Pace {
  const token = mockTokensPerSecond > 0 ? 1_000 / mockTokensPerSecond : 0;
  return { latency: mockLatency, token, delta: 0 };
}
