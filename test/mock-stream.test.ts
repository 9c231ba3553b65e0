import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Exchange, Reply } from "../src/exchange.ts";
import { createMock } from "../src/mock/mock.ts";

test("a stream waits for a slow client, and stops when it leaves", async () => {
  const client = new SlowClient();

  createMock()(streamed, client);
  await client.slice(1);
  await turns();
  expect(client.slices).toHaveLength(1);

  client.onDrain?.();
  await client.slice(2);
  await turns();
  expect(client.slices).toHaveLength(2);

  client.over = true;
  client.onGone?.();
  await turns();
  expect(client.slices).toHaveLength(2);
  expect(client.ended).toBe(false);
});

test("a stream gives one event a turn of the event loop", async () => {
  const client = new SlowClient();
  client.isSlow = false;

  createMock()(streamed, client);
  await client.slice(1);
  const before = client.slices.length;
  await nextTurn();
  await nextTurn();

  expect(before).toBe(1);
  expect(client.slices.length).toBeGreaterThan(1);
  expect(client.ended).toBe(false);
  expect(client.slices.every((slice) => slice.split("\n\n").length === 2)).toBe(true);
});

const streamed: Exchange = {
  id: "1",
  method: "POST",
  target: "/v1/responses",
  headers: ["content-type", "application/json"],
  body: Buffer.from(JSON.stringify({ model: "m", input: "Hello", stream: true })),
  bodyLength: undefined,
  startedAt: 0,
  bytesIn: 0,
};

async function turns() {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

/** A client that is full after each slice until it drains: too slow for the buffers of any real socket. */
class SlowClient implements Reply {
  isSlow = true;
  started = false;
  over = false;
  ended = false;
  slices: string[] = [];
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;

  async slice(count: number) {
    while (this.slices.length < count) await nextTurn();
  }

  inform() {}

  head() {
    this.started = true;
  }

  data(chunk: Buffer): boolean {
    this.slices.push(chunk.toString());
    return !this.isSlow;
  }

  end() {
    this.ended = true;
  }

  fail(error: Error) {
    throw error;
  }
}
