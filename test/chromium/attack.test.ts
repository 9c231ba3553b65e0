import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observer } from "../../src/exchange.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { rawExchange } from "../support/raw.ts";
import { startRelay, type TestRelay } from "../support/relay.ts";
import { startWire, type Wire } from "../support/wire.ts";
import { leading, quiet } from "./attacks.ts";
import { type Pages, startPages } from "./pages.ts";

const poll = { timeout: 20_000 };
const isRefused = "403 origin_not_allowed";

describe.skipIf(hasNoChromium)("pages of no allowed origin", { timeout: 30_000 }, () => {
  let browser: Browser;
  let pages: Pages;
  let wire: Wire;
  let relay: TestRelay;
  /** By path, what became of each request. */
  const outcomes = new Map<string, string>();

  beforeAll(async () => {
    browser = await startChromium("--host-resolver-rules=MAP evil.test 127.0.0.1");
    pages = await startPages();
    wire = await startWire();
    const watch: Observer = {
      ended({ target }, { status, error }) {
        outcomes.set(target.split("?")[0]!, `${status} ${error?.code}`);
      },
    };
    const flags = { upstream: wire.url, allowedOrigins: ["https://app.example"] };
    relay = await startRelay(flags, { observers: [watch] });
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await wire[Symbol.asyncDispose]();
  });

  /** Puts an attack on the relay's `path` up at the same path of `site`. */
  function setUp(attack: string, site: string, path: string): void {
    const target = `http://127.0.0.1:${relay.port}${path}`;
    const content = attack.replaceAll("TARGET", target).replaceAll("HERE", site);
    pages.set(path, `<!doctype html>${content}`);
  }

  test.each(["127.0.0.1", "localhost", "evil.test"])("get nothing from %s", async (host) => {
    const site = `http://${host}:${pages.port}`;
    const pathOf = (name: string) => `/v1/${host}/${name.replace(/\W/g, "-")}`;
    const names = Object.keys(quiet);
    for (const name of names) setUp(quiet[name]!, site, pathOf(name));
    pages.set("/all", names.map((name) => `<iframe src="${pathOf(name)}"></iframe>`).join(""));
    const page = await browser.newPage();

    await page.goto(`${site}/all`);

    const results = () => names.map((name) => `${name}: ${outcomes.get(pathOf(name))}`);
    await expect.poll(results, poll).toEqual(names.map((name) => `${name}: ${isRefused}`));
    expect(wire.received).toBe("");
    await page.close();
  });

  test("get nothing by leading their visitor there", async () => {
    const site = `http://evil.test:${pages.port}`;
    const context = await browser.newContext();
    for (const name of Object.keys(leading)) {
      const path = `/v1/lead/${name.replace(/\W/g, "-")}`;
      setUp(leading[name]!, site, path);
      const page = await context.newPage();

      // Some pages lead away before they are there.
      await page.goto(`${site}${path}`, { waitUntil: "commit" }).catch(() => {});

      await expect.poll(() => outcomes.get(path), { ...poll, message: name }).toBe(isRefused);
      await page.close();
    }
    // Chromium looks for an icon of the refusal that it shows, which is of no origin.
    await expect.poll(() => outcomes.get("/favicon.ico"), poll).toBe(isRefused);
    expect(wire.received).toBe("");
    await context.close();
  });

  test("are not taken for their visitor, who may look at what he likes", async () => {
    await using wire = await startWire("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await using relay = await startRelay({ upstream: wire.url });
    const page = await browser.newPage();

    const answer = await page.goto(`${relay.url}/v1/models`);

    expect(answer!.status()).toBe(200);
    expect(await wire.next()).toMatch(/^GET \/v1\/models /);
    expect((await relay.nextOutcome()).status).toBe(200);
    expect((await relay.nextOutcome()).error).toMatchObject({
      code: "origin_not_allowed",
    });
    expect(wire.requests).toHaveLength(1);
    await page.close();
  });

  test("get nothing by a service worker", async () => {
    const target = `http://localhost:${relay.port}/v1/worker`;
    pages.set("/worker.js", `oninstall = () => fetch("${target}", { method: "POST", body: "{}" })`);
    const page = await browser.newPage();
    await page.goto(pages.origin);

    await page.evaluate(`navigator.serviceWorker.register("/worker.js")`);

    await expect.poll(() => outcomes.get("/v1/worker"), poll).toBe(isRefused);
    expect(wire.received).toBe("");
    await page.close();
  });

  test("get nothing by the reports of a policy", async () => {
    const target = `http://127.0.0.1:${relay.port}/v1/report`;
    pages.set("/policy", (res) => {
      res.setHeader("content-security-policy", `img-src 'none'; report-uri ${target}`);
      res.setHeader("content-type", "text/html");
      res.end(`<img src="/image">`);
    });
    const page = await browser.newPage();

    await page.goto(`${pages.origin}/policy`);

    await expect.poll(() => outcomes.get("/v1/report"), poll).toBe(isRefused);
    expect(wire.received).toBe("");
    await page.close();
  });

  test("cannot read the refusal either", async () => {
    const page = await browser.newPage();
    await page.goto(pages.origin);

    const failure = await page.evaluate(
      (url) => fetch(url).catch((error: Error) => error.message),
      `${relay.url}/v1/models`,
    );

    expect(failure).toBe("Failed to fetch");
    await page.close();
  });

  test("are not granted the private network", async () => {
    const answer = await rawExchange(
      relay.port,
      [
        "OPTIONS /v1/responses HTTP/1.1",
        `Host: 127.0.0.1:${relay.port}`,
        "Origin: https://evil.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Private-Network: true",
        "Connection: close\r\n\r\n",
      ].join("\r\n"),
    );

    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect(answer).not.toMatch(/access-control-/i);
    expect(wire.received).toBe("");
  });
});
