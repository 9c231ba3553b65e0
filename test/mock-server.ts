import OpenAI from "openai";
import * as v from "valibot";
import { type Config, settings } from "../src/config/settings.ts";
import { startRelay } from "../src/relay.ts";

/** A relay that answers from its mock, on a port of its own. */
export async function startMock() {
  const config = { ...(defaultsOf(settings) as Config), mock: true, port: 0 };
  const { server, stop } = await startRelay(config, []);
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      server.cut();
      await stop();
    },
  };
}

function defaultsOf(group: object): object {
  const values = Object.entries(group).map(([name, entry]) => [
    name,
    "schema" in entry ? v.parse(entry.schema, entry.default) : defaultsOf(entry),
  ]);
  return Object.fromEntries(values);
}

/** What fetch and the SDKs need to talk to a mock. */
export async function startClient() {
  const mock = await startMock();
  const baseURL = `${mock.url}/v1`;
  const keys = { apiKey: "none", adminAPIKey: "none" };
  const openai = new OpenAI({ baseURL, ...keys, maxRetries: 0 });
  return { ...mock, baseURL, openai };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
