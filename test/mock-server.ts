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

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
