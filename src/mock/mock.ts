import { RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, Reply } from "../exchange.ts";
import { type Answer, refused, send } from "./answer.ts";
import { digestOf } from "./asked.ts";
import { collect, decoded, maxBody } from "./body.ts";
import { createOperations } from "./operations.ts";
import { bodyTooLarge, Refusal } from "./refusal.ts";
import { createRouter } from "./router.ts";

/** Stands in for OpenAI, in this process: no key, no network, and the same answer to the same request. */
export function createMock(): Answerer {
  // With the first request: until then nobody has to wait for it.
  let router: ReturnType<typeof createRouter> | undefined;

  async function mock(exchange: Exchange, reply: Reply): Promise<void> {
    const body = await collect(exchange);
    const digest = digestOf(exchange, body);
    const answer = await answerTo(exchange, body, digest).catch(refusalOf);
    await send(answer, { method: exchange.method, digest }, reply);
  }

  async function answerTo(exchange: Exchange, sent: Buffer | null, digest: string) {
    const { method, target, headers } = exchange;
    const [path = "", search] = target.split(/\?(.*)/s, 2);
    router ??= createRouter(createOperations());
    const { operation, params } = router(method, path);
    if (!sent) throw bodyTooLarge(maxBody);
    const body = await decoded(sent, headers);
    return operation({ method, params, query: new URLSearchParams(search), headers, body, digest });
  }

  return (exchange, reply) => {
    mock(exchange, reply).catch((cause) => {
      reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
    });
  };
}

function refusalOf(error: unknown): Answer {
  if (error instanceof Refusal) return refused(error);
  throw error;
}
