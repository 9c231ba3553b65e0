import { RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, Reply } from "../exchange.ts";
import { type Answer, refused, send } from "./answer.ts";
import { digestOf } from "./asked.ts";
import { collect, decoded, maxBody } from "./body.ts";
import { completeChat } from "./chat.ts";
import { complete } from "./completions.ts";
import { embed } from "./embeddings.ts";
import { createFiles } from "./files.ts";
import { listModels, retrieveModel } from "./models.ts";
import { bodyTooLarge, Refusal } from "./refusal.ts";
import { respond } from "./responses.ts";
import { createRouter, type Operations } from "./router.ts";

function createOperations(): Operations {
  const files = createFiles();
  return {
    "POST /chat/completions": completeChat,
    "POST /completions": complete,
    "POST /embeddings": embed,
    "GET /files": files.list,
    "POST /files": files.upload,
    "GET /files/{file_id}": files.retrieve,
    "DELETE /files/{file_id}": files.remove,
    "GET /files/{file_id}/content": files.content,
    "GET /models": listModels,
    "GET /models/{model}": retrieveModel,
    "POST /responses": respond,
  };
}

/** Stands in for OpenAI, in this process: no key, no network, and the same answer to the same request. */
export function createMock(): Answerer {
  const route = createRouter(createOperations());

  async function mock(exchange: Exchange, reply: Reply): Promise<void> {
    const body = await collect(exchange);
    const digest = digestOf(exchange, body);
    const answer = await answerTo(exchange, body, digest).catch(refusalOf);
    await send(answer, { method: exchange.method, digest }, reply);
  }

  async function answerTo(exchange: Exchange, sent: Buffer | null, digest: string) {
    const { method, target, headers } = exchange;
    const [path = "", search] = target.split(/\?(.*)/s, 2);
    const { operation, params } = route(method, path);
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
