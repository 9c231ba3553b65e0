import * as v from "valibot";
import { type Config, settings } from "../src/config/settings.ts";
import { createMock } from "../src/mock/mock.ts";
import { startServer } from "../src/server/server.ts";

/** The mock behind the relay's own server, on a port of its own. */
export async function startMock() {
  const config = { ...(defaultsOf(settings) as Config), port: 0 };
  const server = await startServer(config, createMock(), []);
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      server.cut();
      await server.drain();
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

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
