import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "../support/certificates.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { startRelay as start, testKey } from "../support/relay.ts";
import { startUpstream } from "../support/upstream.ts";
import { type Pages, startPages } from "./pages.ts";

// Pages of an allowed origin call the relay with nothing but what Chromium gives them.

describe.skipIf(hasNoChromium)("a page", { timeout: 30_000 }, () => {
  let browser: Browser;
  let pages: Pages;
  /** To Chromium they come from somewhere on the internet. */
  let publicPages: Pages;
  let page: Page;

  beforeAll(async () => {
    pages = await startPages();
    publicPages = await startPages();
    browser = await startChromium(
      "--ignore-certificate-errors",
      `--ip-address-space-overrides=127.0.0.1:${publicPages.port}=public`,
    );
    page = await browser.newPage();
    await page.goto(pages.origin);
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
    await publicPages[Symbol.asyncDispose]();
  });

  const startRelay = (flags: Parameters<typeof start>[0]) =>
    start({ allowedOrigins: [pages.origin], ...flags });

  test.each(["127.0.0.1", "localhost"])("of %s posts JSON and reads the answer", async (host) => {
    const origin = `http://${host}:${pages.port}`;
    const page = await browser.newPage();
    await page.goto(origin);
    await using upstream = await startUpstream((_req, res) => {
      res.setHeader("x-request-id", "req_1");
      res.setHeader("access-control-allow-origin", "https://elsewhere.example");
      res.end('{"id":"resp_1","text":"☃"}');
    });
    await using relay = await startRelay({ upstream: upstream.url, allowedOrigins: [origin] });

    const answer = await page.evaluate(async (url) => {
      const answer = await fetch(`${url}/v1/responses?x=a%20b`, {
        method: "POST",
        headers: { authorization: "Bearer sk-page", "content-type": "application/json" },
        body: '{"input":"é"}',
      });
      return [answer.status, answer.headers.get("x-request-id"), await answer.json()];
    }, relay.url);

    expect(answer).toEqual([200, "req_1", { id: "resp_1", text: "☃" }]);
    expect(relay.outcomes.map(({ status }) => status)).toEqual([204, 200]);
    expect(upstream.seen).toHaveLength(1);
    const [{ method, url, headers, body }] = upstream.seen as [(typeof upstream.seen)[0]];
    expect([method, url, String(body)]).toEqual(["POST", "/v1/responses?x=a%20b", '{"input":"é"}']);
    expect(headers.authorization).toBe(`Bearer ${testKey}`);
    const told = Object.keys(headers).filter((name) =>
      /^(?:origin|referer|cookie|sec-)/.test(name),
    );
    expect(told).toEqual([]);
  });

  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])(
    "may use %s",
    async (method) => {
      await using upstream = await startUpstream((_req, res) => {
        res.writeHead(200, { "content-length": 2, "openai-version": "v" }).end("ok");
      });
      await using relay = await startRelay({ upstream: upstream.url });

      const answer = await page.evaluate(
        async ([url, method]) => {
          const headers = { authorization: "Bearer x", "x-stainless-lang": "js" };
          const answer = await fetch(`${url}/v1/files/f`, { method, headers });
          return [answer.headers.get("openai-version"), await answer.text()];
        },
        [relay.url, method] as const,
      );

      expect(answer).toEqual(["v", method === "HEAD" ? "" : "ok"]);
      expect(upstream.seen.map(({ method }) => method)).toEqual([method]);
    },
  );

  test("sees each slice of a stream before the next one is sent", async () => {
    const next = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using upstream = await startUpstream(async (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: one\n\n");
      await next[0]!.promise;
      res.write(": comment\n\ndata: t");
      await next[1]!.promise;
      res.end("wo\n\n");
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const reader = await page.evaluateHandle(async (url) => {
      const answer = await fetch(`${url}/v1/responses`, { method: "POST", body: "{}" });
      return answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    }, relay.url);
    const read = () => reader.evaluate(async (reader) => (await reader.read()).value);

    expect(await read()).toBe("data: one\n\n");
    next[0]!.resolve();
    expect(await read()).toBe(": comment\n\ndata: t");
    next[1]!.resolve();
    expect(await read()).toBe("wo\n\n");
    expect(await read()).toBe(undefined);
  });

  test("uploads a form with a blob", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    const sent = await page.evaluate(async (url) => {
      const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * (i >> 8));
      const form = new FormData();
      form.append("purpose", "batch");
      form.append("file", new Blob([bytes], { type: "audio/wav" }), "ü.wav");
      const answer = await fetch(`${url}/v1/files`, {
        method: "POST",
        headers: { authorization: "Bearer x" },
        body: form,
      });
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      return [answer.status, ...new Uint8Array(digest)];
    }, relay.url);

    const { headers, body } = upstream.seen[0]!;
    const type = headers["content-type"]!;
    const form = await new Response(new Uint8Array(body), {
      headers: { "content-type": type },
    }).formData();
    const file = form.get("file") as File;
    expect([file.name, file.type, form.get("purpose")]).toEqual(["ü.wav", "audio/wav", "batch"]);
    const digest = createHash("sha256").update(new Uint8Array(await file.arrayBuffer()));
    expect(sent).toEqual([200, ...digest.digest()]);
    expect(headers["content-length"]).toBe(`${body.length}`);
  });

  test("that aborts before the head ends the call", async () => {
    const left = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.on("close", left.resolve);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const call = await page.evaluateHandle((url) => {
      const controller = new AbortController();
      const asked = fetch(`${url}/v1/x`, { method: "POST", signal: controller.signal });
      return { controller, failure: asked.catch((error: Error) => error.name) };
    }, relay.url);
    await expect.poll(() => upstream.seen.length).toBe(1);

    await call.evaluate(({ controller }) => controller.abort());

    await left.promise;
    expect(await call.evaluate(({ failure }) => failure)).toBe("AbortError");
    expect((await relay.nextOutcome()).ending).toBe("client_left");
  });

  test.each(["aborts", "is closed"])("that %s in mid-stream ends the call", async (how) => {
    const left = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200).write("data: one\n\n");
      res.on("close", left.resolve);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const page = await browser.newPage();
    await page.goto(pages.origin);
    const call = await page.evaluateHandle(async (url) => {
      const controller = new AbortController();
      const { signal } = controller;
      const answer = await fetch(`${url}/v1/x`, { method: "POST", body: "{}", signal });
      const reader = answer.body!.getReader();
      // Before the page reads, Chromium itself waits 5 s whether the answer ends.
      await reader.read();
      return { controller, failure: reader.read().catch((error: Error) => error.name) };
    }, relay.url);

    if (how === "aborts") {
      await call.evaluate(({ controller }) => controller.abort());
      expect(await call.evaluate(({ failure }) => failure)).toBe("AbortError");
    } else await page.close();

    await left.promise;
    expect((await relay.nextOutcome()).ending).toBe("client_left");
  });

  test("reads upstream's errors with all they say", async () => {
    const error = '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}';
    const told = {
      "x-request-id": "req_2",
      "retry-after": "7",
      "x-ratelimit-remaining-tokens": "0",
      "openai-processing-ms": "12",
    };
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(429, { "content-type": "application/json", ...told }).end(error);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await page.evaluate(async (url) => {
      const answer = await fetch(`${url}/v1/x`, { headers: { authorization: "Bearer x" } });
      return [answer.status, Object.fromEntries(answer.headers), await answer.text()] as const;
    }, relay.url);

    expect(answer).toEqual([429, expect.objectContaining(told), error]);
  });

  test.each([
    ["no key", {}, {}, 401, "key_missing"],
    ["no token", { tokens: ["t-1"] }, {}, 401, "invalid_relay_token"],
    ["no such path", { allowPaths: ["/v1/models"] }, {}, 404, "unknown_url"],
    ["no upstream", { upstream: "http://127.0.0.1:1" }, {}, 502, "upstream_refused"],
    ["no room for the body", { "limits.body": "1" }, { body: "22" }, 413, "body_too_large"],
  ])("reads the relay's own refusals: %s", async (_name, flags, extras, status, code) => {
    const key = code === "key_missing" ? "" : testKey;
    const settings = { allowedOrigins: [pages.origin], ...flags } as Parameters<typeof start>[0];
    await using relay = await start(settings, { env: { OPENAI_API_KEY: key } });

    const answer = await page.evaluate(
      async ([url, extras]) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(`${url}/v1/x`, { method: "POST", headers, ...extras });
        const { error } = (await answer.json()) as { error: { code: string } };
        return [answer.status, answer.headers.get("x-relay-error"), error.code];
      },
      [relay.url, extras] as const,
    );

    expect(answer).toEqual([status, code, code]);
  });

  test("downloads bytes, whole and by range", async () => {
    const file = randomBytes(3_000_000);
    await using upstream = await startUpstream((req, res) => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? "") ?? [];
      const part = first ? file.subarray(Number(first), Number(last) + 1) : file;
      const range = { "content-range": `bytes ${first}-${last}/${file.length}` };
      res.writeHead(first ? 206 : 200, { "content-type": "audio/mpeg", ...(first && range) });
      res.end(part);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const download = (range?: string) =>
      page.evaluate(
        async ([url, range]) => {
          const headers: Record<string, string> = { authorization: "Bearer x" };
          if (range) headers.range = range;
          const answer = await fetch(`${url}/v1/files/f/content`, { headers });
          const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
          const said = answer.headers.get("content-range");
          return { status: answer.status, said, digest: [...new Uint8Array(digest)] };
        },
        [relay.url, range] as const,
      );
    const sha256 = (bytes: Buffer) => [...createHash("sha256").update(bytes).digest()];

    expect(await download()).toEqual({ status: 200, said: null, digest: sha256(file) });
    expect(await download("bytes=1000000-1999999")).toEqual({
      status: 206,
      said: "bytes 1000000-1999999/3000000",
      digest: sha256(file.subarray(1_000_000, 2_000_000)),
    });
  });

  test("undoes the compression that it asked upstream for", async () => {
    const text = "compressed ".repeat(10_000);
    await using upstream = await startUpstream((req, res) => {
      expect(req.headers["accept-encoding"]).toContain("gzip");
      res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(text));
    });
    await using relay = await startRelay({ upstream: upstream.url });

    expect(await page.evaluate(async (url) => (await fetch(`${url}/v1/x`)).text(), relay.url)).toBe(
      text,
    );
  });

  test("never takes a broken answer for a whole one", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200).write("data: one\n\n", () => res.socket!.destroy());
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const failure = await page.evaluate(async (url) => {
      const answer = await fetch(`${url}/v1/x`);
      return answer.text().catch((error: Error) => error.name);
    }, relay.url);

    expect(failure).toBe("TypeError");
  });

  test("is let in by a client token, which goes no further", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, tokens: ["t-1"] });
    const ask = (headers: Record<string, string>) =>
      page.evaluate(
        async ([url, headers]) => (await fetch(`${url}/v1/models`, { headers })).status,
        [relay.url, headers] as const,
      );

    expect(await ask({ authorization: "Bearer t-1" })).toBe(200);
    expect(await ask({ "x-relay-token": "t-1", authorization: "Bearer x" })).toBe(200);
    expect(await ask({ authorization: "Bearer t-2" })).toBe(401);
    expect(upstream.seen).toHaveLength(2);
    expect(JSON.stringify(upstream.seen)).not.toContain("t-1");
  });

  test("is told when the relay has no room, not merely that it failed", async () => {
    const answered = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (_req, res) => {
      await answered.promise;
      res.end("{}");
    });
    await using relay = await startRelay({ upstream: upstream.url, "limits.requests": "1" });
    const slow = fetch(`${relay.url}/v1/x`);
    await expect.poll(() => upstream.seen.length).toBe(1);

    const answer = await page.evaluate(async (url) => {
      const answer = await fetch(`${url}/v1/y`, { headers: { authorization: "Bearer x" } });
      return [answer.status, answer.headers.get("retry-after")];
    }, relay.url);

    expect(answer).toEqual([429, "1"]);
    answered.resolve();
    expect((await slow).status).toBe(200);
  });

  test("of the public internet gets through once its visitor lets it", async () => {
    const { origin } = publicPages;
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, allowedOrigins: [origin] });
    const ask = async (permissions: string[]) => {
      const context = await browser.newContext();
      await context.grantPermissions(permissions, { origin });
      const page = await context.newPage();
      await page.goto(origin);
      const answer = await page.evaluate(async (url) => {
        const headers = { authorization: "Bearer x" };
        const asked = fetch(`${url}/v1/x`, { method: "POST", headers });
        return asked.then(({ status }) => status).catch((error: Error) => error.name);
      }, relay.url);
      await context.close();
      return answer;
    };

    expect(await ask([])).toBe("TypeError");
    expect(relay.outcomes).toEqual([]);
    expect(await ask(["local-network-access"])).toBe(200);
  });

  test("calls https:// on the relay's own port", async () => {
    using certificates = createCertificates();
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, ...certificates.settings });

    const answer = await page.evaluate(async (url) => {
      const headers = { authorization: "Bearer x", "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body: "{}" });
      return [answer.status, await answer.text()];
    }, `https://localhost:${relay.port}/v1/responses`);

    expect(answer).toEqual([200, "{}"]);
    expect(upstream.seen[0]!.headers.authorization).toBe(`Bearer ${testKey}`);
  });
});
