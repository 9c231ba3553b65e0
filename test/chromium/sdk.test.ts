import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "../support/certificates.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { startRelay as start, testKey } from "../support/relay.ts";
import { startUpstream } from "../support/upstream.ts";
import { startWebSocketUpstream } from "../support/websocket.ts";
import { type Pages, startPages } from "./pages.ts";

const root = join(import.meta.dirname, "../..");

type Sdk = {
  OpenAI: typeof import("openai").OpenAI;
  OpenAIRealtimeWebSocket: typeof import("openai/realtime/websocket").OpenAIRealtimeWebSocket;
};
declare global {
  /** What the page has of the bundle below. */
  var sdk: Sdk;
}

/** The openai SDK as a page would ship it. */
async function bundleSdk(): Promise<string> {
  const contents = `
    export { OpenAI } from "openai";
    export { OpenAIRealtimeWebSocket } from "openai/realtime/websocket";
  `;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "sdk",
    write: false,
  });
  return outputFiles[0]!.text;
}

describe.skipIf(hasNoChromium)("in a page,", { timeout: 30_000 }, () => {
  let browser: Browser;
  let pages: Pages;
  let page: Page;

  beforeAll(async () => {
    const text = await bundleSdk();
    browser = await startChromium("--ignore-certificate-errors");
    pages = await startPages();
    pages.set("/sdk.js", text);
    pages.set("/", '<!doctype html><script src="/sdk.js"></script>');
    page = await browser.newPage();
    await page.goto(pages.origin);
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
  });

  const startRelay = (flags: Parameters<typeof start>[0]) =>
    start({ allowedOrigins: [pages.origin], ...flags });

  test("the openai SDK streams a response", async () => {
    await using mock = await start({ mock: true });
    await using relay = await startRelay({ upstream: mock.url });

    const { deltas, whole } = await page.evaluate(async (url) => {
      const options = { apiKey: "relay", dangerouslyAllowBrowser: true, maxRetries: 0 };
      const openai = new sdk.OpenAI({ baseURL: `${url}/v1`, ...options });
      const asked = { model: "gpt-5", input: "Say hello" };
      const deltas: string[] = [];
      for await (const event of await openai.responses.create({ ...asked, stream: true }))
        if (event.type === "response.output_text.delta") deltas.push(event.delta);
      return { deltas, whole: (await openai.responses.create(asked)).output_text };
    }, relay.url);

    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join("")).toBe(whole);
    expect(whole).toContain("Say hello");
  });

  test("the openai SDK uploads a file and knows upstream's errors by their request id", async () => {
    await using upstream = await startUpstream((req, res) => {
      req.resume();
      req.on("end", () => {
        res.writeHead(req.method === "POST" ? 200 : 404, {
          "content-type": "application/json",
          "x-request-id": "req_7",
        });
        res.end('{"id":"file_1","error":{"message":"gone","code":"not_found"}}');
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answers = await page.evaluate(async (url) => {
      const options = { apiKey: "relay", dangerouslyAllowBrowser: true, maxRetries: 0 };
      const openai = new sdk.OpenAI({ baseURL: `${url}/v1`, ...options });
      const file = new File(["{}\n"], "ü.jsonl");
      const { id } = await openai.files.create({ purpose: "batch", file });
      const error = await openai.files.retrieve("file_2").catch((error: unknown) => error);
      if (!(error instanceof sdk.OpenAI.APIError)) throw error;
      return [id, error.status, error.code, error.requestID];
    }, relay.url);

    expect(answers).toEqual(["file_1", 404, "not_found", "req_7"]);
    expect(String(upstream.seen[0]!.body)).toContain('filename="ü.jsonl"');
    for (const { headers } of upstream.seen)
      expect(headers.authorization).toBe(`Bearer ${testKey}`);
  });

  test("OpenAIRealtimeWebSocket, which dials wss://, gets through", async () => {
    using certificates = createCertificates();
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) =>
        socket.on("message", (data) => {
          const { type } = JSON.parse(String(data)) as { type: string };
          socket.send(JSON.stringify({ type: "session.updated", was: type }));
        }),
    });
    await using relay = await startRelay({ upstream: upstream.url, ...certificates.settings });

    const event = await page.evaluate(async (url) => {
      const options = { apiKey: "sk-page", dangerouslyAllowBrowser: true };
      const openai = new sdk.OpenAI({ baseURL: `${url}/v1`, ...options });
      const session = new sdk.OpenAIRealtimeWebSocket({ model: "gpt-realtime" }, openai);
      const updated = new Promise((resolve, reject) => {
        session.on("session.updated", resolve);
        session.on("error", reject);
      });
      session.socket.addEventListener("open", () =>
        session.send({ type: "session.update", session: { type: "realtime" } }),
      );
      return updated.finally(() => session.close());
    }, relay.url);

    expect(event).toMatchObject({ was: "session.update" });
    const { headers, rawHeaders } = upstream.handshakes[0]!;
    expect(headers.authorization).toBe(`Bearer ${testKey}`);
    expect(rawHeaders.join("\n")).not.toContain("sk-page");
  });

  test("the README's block works", async () => {
    await using mock = await startRelay({ mock: true });
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => socket.send('{"type":"session.created"}'),
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const block = /^```html\n(.*?)^```$/ms.exec(readme)![1]!;
    const here = block
      .replace("http://127.0.0.1:8484", mock.url)
      .replace("ws://127.0.0.1:8484", relay.url.replace("http", "ws"));
    pages.set("/readme", `<!doctype html><body>${here}`);
    const page = await browser.newPage();

    await page.goto(`${pages.origin}/readme`);

    await page.getByText("response.completed").waitFor();
    await page.getByText("session.created").waitFor();
    expect(upstream.handshakes[0]!.headers["sec-websocket-protocol"]).toBe("realtime");
  });
});
