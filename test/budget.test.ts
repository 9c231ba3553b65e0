import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import OpenAI, { PermissionDeniedError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { dayOf } from "../src/budget/accounts.ts";
import { readStandings } from "../src/budget/file.ts";
import { createToken } from "../src/config/client-tokens.ts";
import { startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

// One dollar for a thousand tokens, in and out: a call reserves its body's half in bytes, and its limit.
const prices = {
  date: "2026-01-01",
  builtIn: false,
  models: { plain: { input: 1000, output: 1000 }, sub: { input: 0.001, output: 0.001 } },
};

type Reply = {
  usage?: object;
  status?: number;
  packed?: boolean;
  cut?: boolean;
  until?: Promise<void>;
};

let folder: Folder;
let upstream: Upstream;
/** What the upstream answers next. */
let reply: Reply;

beforeAll(async () => {
  folder = createFolder({ "prices.json": prices });
  upstream = await startUpstream(async (req, res) => {
    const { usage, status = 200, packed, cut, until } = reply;
    req.resume();
    await until;
    const text = JSON.stringify({ object: "response", model: "plain", ...(usage && { usage }) });
    res.writeHead(status, {
      "content-type": "application/json",
      ...(packed && { "content-encoding": "gzip" }),
    });
    if (cut) res.write(text.slice(0, -1), () => res.destroy());
    else res.end(packed ? gzipSync(text) : text);
  });
});

afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

let states = 0;

/** A state folder of its own. */
function newState(): string {
  return folder.at(`state-${++states}`);
}

function start(budget: string[], state: string, more: Record<string, string | string[]> = {}) {
  const flags = { upstream: upstream.url, prices: folder.at("prices.json"), budget, ...more };
  return startRelay(flags, { env: { XDG_STATE_HOME: state } });
}

/** Reserves 21 cents of input, and `max` tenths of a cent. */
function call(
  url: string,
  max: number,
  headers: Record<string, string> = {},
  path = "/v1/responses",
) {
  const body = JSON.stringify({ model: "plain", max_output_tokens: max });
  return fetch(url + path, { method: "POST", body, headers });
}

/** What is spent and reserved in dollars, by account. */
function standings(state: string): Record<string, [spent: number, reserved: number]> {
  const all = readStandings(`${state}/openai-relay/budget.db`, dayOf(new Date()));
  return Object.fromEntries(
    all.map(({ name, period, spent, reserved }) => {
      const title = period.startsWith("run:") ? `${name} a run` : name;
      return [title, [spent / 1e9, reserved / 1e9]];
    }),
  );
}

describe("a budget", () => {
  test("refuses what it has no money for, in a way that SDKs understand and do not repeat", async () => {
    const state = newState();
    reply = { usage: { input_tokens: 500, output_tokens: 450 } };
    await using relay = await start(["1.00/day"], state);
    const client = new OpenAI({ apiKey: "x", baseURL: `${relay.url}/v1`, maxRetries: 5 });
    const before = upstream.seen.length;

    const first = await call(relay.url, 900);
    await first.text();
    const refusal = await client.responses
      .create({ model: "plain", input: "x", max_output_tokens: 100 })
      .catch((error: unknown) => error);
    const raw = await call(relay.url, 100);

    expect(first.status).toBe(200);
    expect(refusal).toBeInstanceOf(PermissionDeniedError);
    expect(refusal).toMatchObject({ status: 403, code: "budget_exceeded" });
    expect(upstream.seen.length - before).toBe(1);
    expect(raw.headers.get("x-relay-error")).toBe("budget_exceeded");
    expect(raw.headers.get("x-should-retry")).toBe("false");
    expect(await messageOf(raw)).toMatch(
      /^The budget "1\.00\/day" has too little left for this call: \$0\.95 spent, of \$1\.00; the call may cost up to \$0\.12\d?\. It begins anew at \d{4}-\d\d-\d\d 00:00 UTC\./,
    );
    expect(relay.outcomes).toHaveLength(3);
  });

  test("holds while 50 calls are in flight, and again once they are settled", async () => {
    const state = newState();
    const silence = Promise.withResolvers<void>();
    reply = { usage: { input_tokens: 20, output_tokens: 80 }, until: silence.promise };
    await using relay = await start(["5.00/run"], state);

    const answers = Array.from({ length: 50 }, () => call(relay.url, 479));
    for (let refused = 0; refused < 40; refused++) await relay.nextOutcome();
    const during = standings(state);
    silence.resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    const after = standings(state);

    // 0.5 dollars each: ten fit.
    expect(during["all a run"]).toEqual([0, 5]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(after["all a run"]).toEqual([1, 0]);
  });

  test("is one for several relays with the same state folder", async () => {
    const state = newState();
    reply = { usage: { input_tokens: 300, output_tokens: 300 } };
    await using one = await start(["1.00/day", "1.00/run"], state);
    await using two = await start(["1.00/day", "1.00/run"], state);

    const answers = [];
    for (const { url } of [one, two, two, one]) answers.push((await call(url, 500)).status);

    expect(answers).toEqual([200, 403, 403, 403]);
    expect(standings(state).all).toEqual([0.6, 0]);
  });

  test("counts what was reserved when the relay is killed", { timeout: 20_000 }, async () => {
    const state = newState();
    const silence = Promise.withResolvers<void>();
    reply = { usage: { input_tokens: 1, output_tokens: 1 } };
    const settings = ["--upstream", upstream.url, "--prices", folder.at("prices.json")];
    const env = { XDG_STATE_HOME: state, OPENAI_API_KEY: "sk-test", RELAY_OTHER_USERS: "allow" };
    const args = ["start", "--port", "0", ...settings, "--budget", "1.00/day"];
    const running = startCommand(args, { env });
    const [url] = await running.until("stdout", /http\S+/);
    await (await call(url.replace("/v1", ""), 400)).text();
    reply = { until: silence.promise };
    const hanging = call(url.replace("/v1", ""), 879).catch(() => {});
    while (standings(state).all![1] === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    running.child.kill("SIGKILL");
    await running.ended;
    await hanging;
    silence.resolve();
    await using relay = await start(["1.00/day"], state);
    const answer = await call(relay.url, 100);

    expect(answer.status).toBe(403);
    expect(standings(state).all).toEqual([0.902, 0]);
  });

  test("settles by what is known, and keeps what was reserved where it is not", async () => {
    const state = newState();
    await using relay = await start(["100.00/day"], state);
    const usage = { input_tokens: 100, output_tokens: 100 };
    const cases: [Reply, cost: number][] = [
      [{ usage }, 0.2],
      [{ usage, packed: true }, 0.2],
      [{ status: 429 }, 0],
      [{ status: 500 }, 0],
      [{}, 0.521],
      // Broken off: as much as is known, or what was reserved where that is more.
      [{ usage, cut: true }, 0.521],
      [{ usage: { input_tokens: 1000, output_tokens: 1000 }, cut: true }, 2],
      [{ usage: { input_tokens: -5, output_tokens: "x" } }, 0.521],
      [{ usage: { input_tokens: 1e300, output_tokens: 1 } }, 0.521],
    ];
    const costs = [];

    let before = 0;
    for (const [next] of cases) {
      reply = next;
      const answer = await call(relay.url, 500);
      await answer.text().catch(() => {});
      await expect.poll(() => standings(state).all![1]).toBe(0);
      const now = standings(state).all![0];
      costs.push(Math.round((now - before) * 1e6) / 1e6);
      before = now;
    }

    expect(costs).toEqual(cases.map(([, cost]) => cost));
  });

  test("counts nothing for a call that reached nobody, and what was reserved for one that was left", async () => {
    const state = newState();
    const silence = Promise.withResolvers<void>();
    reply = { until: silence.promise };
    await using relay = await start(["100.00/day"], state);
    await using lost = await start(["100.00/day"], newState(), { upstream: "http://127.0.0.1:1" });

    const leaving = new AbortController();
    const before = upstream.seen.length;
    const body = JSON.stringify({ model: "plain", max_output_tokens: 500 });
    const signal = leaving.signal;
    const left = fetch(`${relay.url}/v1/responses`, { method: "POST", body, signal });
    await expect.poll(() => upstream.seen.length).toBe(before + 1);
    leaving.abort();
    await left.catch(() => {});
    await relay.nextOutcome();
    silence.resolve();
    await call(lost.url, 500);

    expect(standings(state).all).toEqual([0.521, 0]);
    expect(standings(folder.at(`state-${states}`)).all).toEqual([0, 0]);
  });

  test("can be for a token or a tag, and for each of them", async () => {
    const state = newState();
    const { token } = createToken({ XDG_STATE_HOME: state }, { name: "ci" });
    reply = { usage: { input_tokens: 300, output_tokens: 300 } };
    const budgets = ["tag=*:1.00/day", "tag=nightly:2.00/day", "token=ci:2.00/day"];
    await using relay = await start(budgets, state);

    const statuses = [];
    const wishes = ["", "x", "x", "y", "nightly", "nightly", "nightly", "nightly"];
    for (const tag of wishes)
      statuses.push((await call(relay.url, 500, { "x-relay-tag": tag })).status);
    const tagless = standings(state);
    const authorization = `Bearer ${token}`;
    for (let i = 0; i < 4; i++)
      statuses.push((await call(relay.url, 500, { authorization })).status);

    expect(statuses.slice(0, 8)).toEqual([200, 200, 403, 200, 200, 200, 200, 403]);
    expect(tagless).toEqual({
      "tag=nightly": [1.8, 0],
      "tag=x": [0.6, 0],
      "tag=y": [0.6, 0],
      "token=ci": [0, 0],
    });
    expect(statuses.slice(8)).toEqual([200, 200, 200, 403]);
  });

  test("says what to do with a model of unknown price", async () => {
    const state = newState();
    reply = {};
    await using counted = await start(["1.00/day"], state, { budgetUnknown: "0.4" });
    await using refused = await start(["1.00/day"], newState(), { budgetUnknown: "refuse" });
    const body = JSON.stringify({ model: "new" });
    const ask = ({ url }: { url: string }) =>
      fetch(`${url}/v1/embeddings`, { method: "POST", body });

    const statuses = [await ask(counted), await ask(counted), await ask(counted)];
    const refusal = await ask(refused);

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 403]);
    expect(await messageOf(refusal)).toMatch(
      /^The model "new" has no known price, and budgetUnknown/,
    );
  });

  test("lets pass what costs nothing, and refuses what no answer tells the cost of", async () => {
    const state = newState();
    reply = {};
    await using relay = await start(["0.01/day"], state);
    const body = JSON.stringify({ model: "plain", max_output_tokens: 100 });
    const statusOf = async (method: string, path: string) =>
      (await fetch(relay.url + path, { method, ...(method === "POST" && { body }) })).status;

    const free = [
      await statusOf("GET", "/v1/models"),
      await statusOf("POST", "/v1/moderations"),
      await statusOf("POST", "/v1/assistants"),
      await statusOf("POST", "/v1/responses/resp_1/cancel"),
    ];
    const dear = [];
    for (const path of ["batches", "fine_tuning/jobs", "videos", "realtime/client_secrets"])
      dear.push(await statusOf("POST", `/v1/${path}`));
    const unlisted = await statusOf("POST", "/v1/new/thing");
    const socket = new WebSocket(`${relay.url.replace("http", "ws")}/v1/realtime?model=plain`);
    const [, answer] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];

    expect(free).toEqual([200, 200, 200, 200]);
    expect(dear).toEqual([403, 403, 403, 403]);
    expect(unlisted).toBe(403);
    expect(answer.statusCode).toBe(426);
  });

  test("is no more than what was asked for in another way", async () => {
    await using relay = await start(["1.00/run"], newState());
    reply = { usage: { input_tokens: 3, output_tokens: 3 } };
    const body = (more: object) => JSON.stringify({ model: "plain", messages: [], ...more });
    const ask = async (more: object, path = "/v1/chat/completions") =>
      (await fetch(relay.url + path, { method: "POST", body: body(more) })).status;

    const statuses = [
      await ask({ max_completion_tokens: 100, n: 10 }),
      await ask({ max_tokens: 100, best_of: 10 }, "/v1/completions"),
      await ask({}),
      await ask({ max_tokens: "many" }),
      await ask({ max_tokens: 1e308 }),
      await ask({ max_tokens: 10, n: "x" }),
      await ask({ max_tokens: 10 }, "//v1/CHAT/completions"),
      await ask({ max_tokens: 100, n: 2 }),
    ];

    expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 200, 200]);
  });
});
