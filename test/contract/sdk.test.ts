import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonBody, multipartBody, sliced } from "../../src/conformance/bodies.ts";
import { createCase, type Operation } from "../../src/conformance/cases.ts";
import { createDice, type Dice, seedOf } from "../../src/conformance/dice.ts";
import { requestDifferences } from "../../src/conformance/differences.ts";
import { arriving } from "../../src/conformance/expected.ts";
import { operations } from "../../src/conformance/operations.ts";
import { Progress } from "../../src/conformance/progress.ts";
import { report } from "../../src/conformance/report.ts";
import type { Message } from "../../src/conformance/wire.ts";
import { testKey } from "../support/relay.ts";
import { adminKey, type Contract, startContract } from "./contract.ts";
import { seed } from "./seed.ts";

// Each operation once more, by the openai SDK and the undici underneath it.

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

test.each(operations)("$method $path", async (operation) => {
  const { upstream, port } = contract;
  const name = `sdk ${operation.method} ${operation.path}`;
  const create = () => createDice(seedOf(seed, name));
  const { answers } = createCase(operation, create());

  const direct = await call(upstream.port);
  const relayed = await call(port);

  const key = operation.auth === "admin" ? adminKey : testKey;
  const remark = `CONTRACT_SEED=${seed}`;
  const differences = requestDifferences(arriving(direct.requests, key), relayed.requests);
  expect(report(differences), remark).toBe("");
  expect(relayed.requests).toHaveLength(1);
  expect(relayed.answer, remark).toEqual(direct.answer);

  async function call(at: number) {
    const openai = new OpenAI({
      baseURL: `http://127.0.0.1:${at}/v1`,
      apiKey: "dummy",
      maxRetries: 0,
      organization: null,
      project: null,
    });
    const requests = upstream.begin(answers.map(unpaced), new Progress());
    const answer = await callOf(openai, operation, create());
    return { requests: requests.map(sameBoundary), answer };
  }
});

function unpaced(answer: Parameters<Contract["upstream"]["begin"]>[0][number]) {
  return { ...answer, body: { ...answer.body, paced: false } };
}

async function callOf(
  openai: OpenAI,
  { method, path, request, beta }: Operation,
  dice: Dice,
): Promise<unknown> {
  const target = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(dice.pick(["id", "a/b c"])));
  const options = {
    headers: beta === null || beta.startsWith("(") ? {} : { "OpenAI-Beta": beta },
    ...(!path.includes("?") && { query: dice.pick([{}, { "include[]": ["a", "b/c"], limit: 2 }]) }),
    ...(request.length > 0 && { body: bodyOf(dice.pick(request), dice) }),
  };
  const verb = method.toLowerCase() as "get" | "post" | "delete";
  return openai[verb](target, options).asResponse().then(read, refused);
}

function bodyOf(media: string, dice: Dice): unknown {
  if (media === "multipart/form-data") {
    const form = new FormData();
    form.append("purpose", "batch");
    form.append(
      "file",
      new Blob([multipartBody(dice).bytes as Uint8Array<ArrayBuffer>]),
      "ü.jsonl",
    );
    return form;
  }
  const bytes = Buffer.from(jsonBody(dice));
  if (dice.once(4)) return ReadableStream.from(sliced(dice, bytes));
  return dice.once(4) ? bytes : { input: "héllo ☃", list: [1, 2.5, null], more: String(bytes) };
}

/** All that a program can see of an answer. */
async function read(answer: Response) {
  const { status, statusText } = answer;
  const bytes = answer.arrayBuffer().then((body) => Buffer.from(body).toString("latin1"));
  return { status, statusText, lines: linesOf(answer.headers), body: await bytes.catch(String) };
}

function refused(error: unknown) {
  if (!(error instanceof APIError) || !error.headers) return String(error);
  const { status, message, requestID, code } = error;
  return { status, message, requestID, code, lines: linesOf(error.headers) };
}

function linesOf(headers: Headers): string[][] {
  const own = /^(connection|keep-alive|transfer-encoding|alt-svc|strict-transport-security|x-hop)$/;
  return [...headers].filter(([name]) => !own.test(name));
}

/** fetch makes up a boundary for each form. */
function sameBoundary(message: Message): Message {
  const plain = (text: string) => text.replaceAll(/(formdata-undici-)\d+/g, "$1same");
  return {
    ...message,
    lines: message.lines.map(([name, value]) => [name, plain(value)]),
    body: Buffer.from(plain(message.body.toString("latin1")), "latin1"),
  };
}
