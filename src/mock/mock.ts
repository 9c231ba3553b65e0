import { RelayError, relayBug } from "../errors.ts";
import type { Exchange, Reply } from "../exchange.ts";
import { type Answer, refused, send } from "./answer.ts";
import { type Asked, digestOf } from "./asked.ts";
import { collect, decoded, maxBody } from "./body.ts";
import { bodyTooLarge, Refusal } from "./refusal.ts";
import { createRouter } from "./router.ts";
import type { Said } from "./said.ts";

/** Answers; to what a model is asked, with what it has been told to say. */
export type Improviser = (exchange: Exchange, reply: Reply, said?: Said) => void;

/** Stands in for OpenAI, in this process: no key, no network, and the same answer to the same request. */
export function createMock(): Improviser {
  // With the first request: until then nobody has to wait for it.
  let router: ReturnType<typeof loadRouter> | undefined;

  async function mock(exchange: Exchange, reply: Reply, said?: Said): Promise<void> {
    const body = await collect(exchange);
    const digest = digestOf(exchange, body);
    const answer = await answerTo(exchange, body, { digest, said }).catch(refusalOf);
    await send(answer, { method: exchange.method, digest }, reply);
  }

  async function answerTo(exchange: Exchange, sent: Buffer | null, how: How) {
    const { method, target, headers } = exchange;
    const [path = "", search] = target.split(/\?(.*)/s, 2);
    router ??= loadRouter();
    const { operation, params } = (await router)(method, path);
    if (!sent) throw bodyTooLarge(maxBody);
    const body = await decoded(sent, headers);
    return operation({
      ...{ method, params, query: new URLSearchParams(search), headers, body },
      ...how,
    });
  }

  return (exchange, reply, said) => {
    mock(exchange, reply, said).catch((cause) => {
      reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
    });
  };
}

async function loadRouter() {
  const { createOperations } = await import("./operations.ts");
  return createRouter(createOperations());
}

type How = Pick<Asked, "digest" | "said">;

function refusalOf(error: unknown): Answer {
  if (error instanceof Refusal) return refused(error);
  throw error;
}
