import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { judge, suspect } from "../src/check/rhythm.ts";
import { check, checkCommand, expectFailure, expectWarning, find } from "./support/check.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

vi.setConfig({ testTimeout: 20_000 });

const models = '{"data":[{"id":"gpt-5"},{"id":"gpt-4o-mini"}]}';
const event = 'data: {"choices":[{"delta":{"content":"1 "}}]}\n\n';
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":21,"completion_tokens":80}}\n\n';

/** Lists models, and streams as `stream` does. */
function streaming(stream: (res: ServerResponse) => Promise<void>): RequestListener {
  return (req, res) => {
    if (req.method === "POST") void stream(res);
    else res.end(models);
  };
}

describe("--deep", () => {
  test("without it nothing is billed", async () => {
    await using upstream = await startUpstream(streaming(async (res) => void res.end()));

    const report = await check({ upstream: upstream.url });

    expect(find(report, "stream")).toMatchObject({ status: "skipped", detail: /add --deep/ });
    expect(upstream.seen.map(({ method }) => method)).not.toContain("POST");
  });

  test("a stream that comes as it is made; what it costs is said before and after", async () => {
    await using upstream = await startUpstream(
      streaming(async (res) => {
        res
          .setHeader("x-ratelimit-limit-requests", "10")
          .setHeader("x-ratelimit-remaining-requests", "9");
        for (let i = 0; i < 20; i++) {
          res.write(event);
          await delay(25);
        }
        res.end(`${usage}data: [DONE]\n\n`);
      }),
    );

    const remarks: string[] = [];
    const report = await check({ upstream: upstream.url }, { deep: true, remarks });

    expect(find(report, "stream")).toMatchObject({
      status: "passed",
      detail: expect.stringMatching(
        /^first slice after \d+ ms, 22 events in 2\d slices, complete after \d\.\d s; used 21 tokens in, 80 out$/,
      ),
    });
    expect(remarks).toEqual([
      "--deep asks gpt-4o-mini for up to 200 tokens, which are billed as any call.",
    ]);
    expect(find(report, "limits")?.detail).toBe("requests 9 of 10 left");
    const asked = JSON.parse(String(upstream.seen.find(({ method }) => method === "POST")?.body));
    expect(asked).toMatchObject({ model: "gpt-4o-mini", stream: true, max_completion_tokens: 200 });
  });

  test.for<[what: string, headers: Record<string, string>, flags: object, hint: RegExp]>([
    ["nginx", { server: "nginx/1.25" }, {}, /^nginx\/1\.25 .*proxy_buffering off/],
    ["somebody in Via", { via: "1.1 squid", server: "x" }, {}, /^1\.1 squid \(Via\)/],
    ["what compresses it", { "content-encoding": "gzip" }, {}, /comes compressed \(gzip\)/],
    ["nobody in particular", {}, {}, /at or before http:\/\/127\.0\.0\.1:\d+ buffers it/],
  ])("a stream held back by %s", async ([, headers, flags, hint]) => {
    await using upstream = await startUpstream(
      streaming(async (res) => {
        res.writeHead(200, headers);
        await delay(500);
        res.end(event.repeat(40));
      }),
    );

    const report = await check({ upstream: upstream.url, ...flags }, { deep: true });

    expectFailure(report, {
      ...{ code: 7, failed: "stream", hint },
      detail: /^the stream is held back until it is complete: first slice after \d+ ms, 40 events/,
    });
  });

  test("a stream that comes in lumps", async () => {
    await using upstream = await startUpstream(
      streaming(async (res) => {
        for (let i = 0; i < 4; i++) {
          res.write(event.repeat(20));
          await delay(150);
        }
        res.end();
      }),
    );

    expectFailure(await check({ upstream: upstream.url }, { deep: true }), {
      ...{ code: 7, failed: "stream", detail: /arrives in lumps/, hint: /buffers it/ },
    });
  });

  test("a quota that only a call that costs something finds used up", async () => {
    await using upstream = await startUpstream(
      streaming(async (res) => {
        res.writeHead(429).end('{"error":{"code":"insufficient_quota","message":"Pay"}}');
      }),
    );

    expectFailure(await check({ upstream: upstream.url }, { deep: true }), {
      ...{ code: 5, failed: "stream", detail: /429 insufficient_quota: Pay/, hint: /the bill/ },
    });
  });

  test("a model that gives no stream", async () => {
    await using upstream = await startUpstream((req, res) => {
      if (req.method === "POST") res.writeHead(404).end('{"error":{"code":"model_not_found"}}');
      else res.end(models);
    });

    const report = await check({ upstream: upstream.url }, { deep: true, model: "gpt-5" });

    expectFailure(report, {
      ...{ code: 5, failed: "stream", detail: /^gpt-5 gives no stream: 404 model_not_found$/ },
      hint: /--model/,
    });
  });

  test("a stream that does not end", async () => {
    await using upstream = await startUpstream(streaming(async (res) => void res.write(event)));

    const report = await check({ upstream: upstream.url }, { deep: true, timeout: 400 });

    expectFailure(report, {
      ...{
        code: 7,
        failed: "stream",
        detail: /not complete after 0\.4 s/,
        hint: /another --model/,
      },
    });
  });

  test("the remark about costs leaves the report alone", async () => {
    await using relay = await startRelay({ mock: true });

    const report = await checkCommand(["--deep", "--relay", relay.url]);

    expect(report.stderr).toMatch(/^--deep asks gpt-4o-mini .*billed as any call\.\n$/);
    expect(find(report, "stream")?.status).toBe("passed");
  });
});

describe("the likely culprit", () => {
  const upstream = "https://api.openai.com";
  test.for<[around: Parameters<typeof suspect>[1], headers: string[], said: RegExp]>([
    [{ upstream, interceptor: "Zscaler Inc.", proxy: "p:1" }, ["Via", "x"], /^Zscaler Inc\. is/],
    [{ upstream, proxy: "p:3128" }, ["Server", "nginx"], /^The proxy p:3128 may .*--proxy off/],
    [{ upstream }, ["Server", "cloudflare"], /^cloudflare \(Server\)/],
  ])("%j %j", ([around, headers, said]) => {
    expect(suspect(headers, around)).toMatch(said);
  });

  const at = (ms: number[], events: number, endMs: number) => ({
    slices: ms.map((one) => ({ ms: one, bytes: 1 })),
    ...{ events, endMs },
  });
  const steady = Array.from({ length: 60 }, (_, i) => 5000 + i * 8);
  test.for<[what: string, rhythm: Parameters<typeof judge>[0], verdict: string]>([
    ["few events", at([900], 3, 900), "unknown"],
    ["faster than one can tell", at([50], 40, 60), "unknown"],
    ["a long wait, then a fast model", at(steady, 60, 5480), "smooth"],
    ["a long wait, then all", at([5000, 5004], 60, 5010), "held"],
    ["few slices with many events", at([300, 600, 900], 60, 1000), "lumps"],
  ])("%s", ([, rhythm, verdict]) => {
    expect(judge(rhythm)).toBe(verdict);
  });
});

describe("WebSockets", () => {
  /** Lists models; what becomes of a handshake is up to `onUpgrade`. */
  async function startListing(onUpgrade: (socket: Duplex) => void) {
    const server = createServer((_req, res) => res.end(models));
    const open = new Set<Duplex>();
    server.on("upgrade", (_req, socket: Duplex) => {
      open.add(socket.on("error", () => {}));
      onUpgrade(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async [Symbol.asyncDispose]() {
        for (const socket of open) socket.destroy();
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  const accept = (socket: Duplex) =>
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );

  test("pass, directly and through a relay", async () => {
    await using upstream = await startListing(accept);
    await using relay = await startRelay({ upstream: upstream.url });

    const direct = await check({ upstream: upstream.url });
    const through = await check({}, { relay: new URL(relay.url) });

    for (const report of [direct, through])
      expect(find(report, "websocket")).toMatchObject({
        status: "passed",
        detail: "GET /v1/responses → 101",
      });
  });

  test.for<[what: string, answer: string, detail: RegExp, hint: RegExp]>([
    [
      "an upstream that has none",
      "404 Not Found\r\nContent-Length: 0\r\n\r\n",
      /refused: GET \/v1\/responses → 404$/,
      /The upstream has none there.*--no-websocket/,
    ],
    [
      "a relay that has them turned off",
      "426 Upgrade Required\r\nx-relay-error: websocket_disabled\r\nContent-Length: 0\r\n\r\n",
      /refused: GET \/v1\/responses → 426$/,
      /^Clients fall back to HTTP at once/,
    ],
    [
      "a proxy that says who it is",
      "403 Forbidden\r\nVia: 1.1 squid\r\nContent-Length: 0\r\n\r\n",
      /→ 403$/,
      /^1\.1 squid does not let WebSockets through/,
    ],
    [
      "a page of a firewall",
      "400 Bad Request\r\nServer: Wall\r\nContent-Length: 12\r\n\r\n<html>no</a>",
      /→ 400$/,
      /^Wall does not let WebSockets through.*Calls over HTTP work/,
    ],
  ])("%s", async ([, answer, detail, hint]) => {
    await using upstream = await startListing((socket) => socket.end(`HTTP/1.1 ${answer}`));

    const report = await check({ upstream: upstream.url });

    expectWarning(report, { name: "websocket", detail, hint });
  });

  test("a connection that is cut at the handshake", async () => {
    await using upstream = await startListing((socket) => socket.destroy());

    const report = await check({ upstream: upstream.url });

    expectWarning(report, {
      ...{ name: "websocket", detail: /the handshake was cut/ },
      hint: /does not let WebSockets through/,
    });
  });
});
