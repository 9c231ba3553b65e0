import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { readCosts } from "../src/journal/costs.ts";
import { createFolder } from "./support/folder.ts";
import { type Journaled, startJournaled } from "./support/journaled.ts";
import { type TrueCall, trueCall } from "./support/true-calls.ts";
import { prices } from "./support/true-costs.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

/** Calls; `TRUE_CALLS` asks for more. */
const count = Number(process.env.TRUE_CALLS ?? 3_000);
const atOnce = 32;

const calls = Array.from({ length: count }, (_, seed) => trueCall(seed));
/** Of those whose client leaves before there is an answer: tells that they have come. */
const come = calls.map(() => Promise.withResolvers<void>());

let upstream: Upstream;
let it: Journaled;
let rows: Map<string, Call>;

beforeAll(async () => {
  using folder = createFolder();
  const table = folder.at("prices.json");
  writeFileSync(table, JSON.stringify(prices));
  upstream = await startUpstream((req, res) => void answer(req, res));
  it = await startJournaled({ upstream: upstream.url }, { prices: table });
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  let next = 0;
  async function client(): Promise<void> {
    while (next < calls.length) await run(next++, agent);
  }
  await Promise.all(Array.from({ length: atOnce }, client));
  for (const _ of calls) await it.relay.nextOutcome();
  await it.journal.close();
  agent.destroy();
  const list = it.read((reader) => reader.list({}, { limit: 2 * count }));
  rows = new Map(list.map((row) => [row.tag!, row]));
  expect(list.length).toBe(rows.size);
}, 120_000);

afterAll(async () => {
  await it[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const number = Number(req.headers["x-number"]);
  const { status, headers, answered, fate } = calls[number]!;
  req.resume();
  await once(req, "end");
  if (fate === "hasty") return come[number]!.resolve();
  res.writeHead(status, headers);
  for (const piece of answered) {
    await new Promise((written) => res.write(piece, written));
    await turn();
  }
  if (fate === "breaks") res.destroy();
  // Who waits for a client to leave says no more.
  else if (fate === "ends") res.end();
}

/** Asks, and reads to the end, or leaves where it is to. */
async function run(number: number, agent: Agent): Promise<void> {
  const { method, path, asked, answered, fate } = calls[number]!;
  const headers = { "x-number": number, "x-relay-tag": `n${number}`, "content-type": "text/json" };
  const req = request({ port: it.relay.port, host: "127.0.0.1", agent, method, path, headers });
  const over = Promise.withResolvers<void>();
  const pieces: Buffer[] = [];
  const expected = Buffer.concat(answered);
  req.on("error", () => over.resolve());
  req.on("response", (res) => {
    let size = 0;
    res.on("error", () => {});
    res.on("close", over.resolve);
    res.on("data", (piece: Buffer) => {
      pieces.push(piece);
      size += piece.length;
      if (fate === "leaves" && size === expected.length) req.destroy();
    });
  });
  req.end(asked);
  if (fate === "hasty") {
    await come[number]!.promise;
    req.destroy();
  }
  await over.promise;
  if (!Buffer.concat(pieces).equals(expected)) throw new Error(`${number} is not what was said`);
}

test("each call is there once, and says of its cost what is true", () => {
  const said = calls.map((_, number) => told(rows.get(`n${number}`)));
  const wrong = said.flatMap((one, number) => {
    const right = toLine(calls[number]!);
    return one === right ? [] : [`n${number}: ${one}, but it is ${right}`];
  });

  expect(wrong.slice(0, 20)).toEqual([]);
  expect(rows.size).toBe(count);
  expect(it.said).toEqual([]);
});

function told(row: Call | undefined): string {
  if (!row) return "not there";
  return `${row.cost?.state} ${row.cost?.nano ?? 0}`;
}

function toLine({ truth }: TrueCall): string {
  return `${truth.state} ${truth.nano}`;
}

test("the sums are right to the billionth of a dollar, and no unknown cost counts as zero", () => {
  const { total, groups } = readCosts(it.file, "model", {});

  const of = (state: string) => calls.filter(({ truth }) => truth.state === state);
  const sum = (some: TrueCall[]) => some.reduce((all, { truth }) => all + truth.nano, 0n);
  expect({ ...total, known: BigInt(total.known) }).toEqual({
    calls: count,
    known: sum(of("known")),
    partial: { calls: of("partial").length, atLeast: Number(sum(of("partial"))) },
    unknown: of("unknown").length,
    running: 0,
    input: calls.reduce((all, { truth }) => all + truth.input, 0),
    cachedInput: total.cachedInput,
    output: calls.reduce((all, { truth }) => all + truth.output, 0),
  });
  expect(groups.reduce((all, [, { known }]) => all + BigInt(known), 0n)).toBe(sum(of("known")));
  for (const state of ["known", "partial", "unknown"])
    expect(of(state).length).toBeGreaterThan(count / 20);
});
