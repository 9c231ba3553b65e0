import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Calls } from "../../src/inspector/api.ts";
import { createJournal } from "../../src/journal/create.ts";
import { type Relay, startRelay } from "../../src/relay.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { createFolder } from "../support/folder.ts";
import { newLink } from "../support/inspector.ts";
import { load } from "../support/settings.ts";
import { startWire, type Wire } from "../support/wire.ts";
import { leading, quiet } from "./attacks.ts";
import { type Pages, startPages } from "./pages.ts";

// Pages of other origins in a browser that is let in to the inspector: its cookie is of no use to them.

const poll = { timeout: 20_000 };
const finished = "http.server.response.finish";
/** What OpenAI answers: a page that would read what the inspector shows. */
const script = `<script>fetch("/_relay/api/calls").then(() => document.title = "run")</script>`;
const page = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${script.length}\r\n\r\n${script}`;
const attacked = "/_relay/api/send?";

describe.skipIf(hasNoChromium || process.env.RELAY_BIN)(
  "a browser that is let in",
  { timeout: 40_000 },
  () => {
    const home = createFolder();
    const env = { HOME: home.path };
    let browser: Browser;
    let pages: Pages;
    let wire: Wire;
    let relay: Relay;
    let context: BrowserContext;
    let inspector: Page;
    /** By target, how each request to the relay was answered. */
    const statuses = new Map<string, number>();
    /** Attacks that came with the cookie. */
    let cookies = 0;

    function watch(message: unknown): void {
      const { request, response } = message as {
        request: IncomingMessage;
        response: ServerResponse;
      };
      if (request.socket.localPort !== relay.server.port) return;
      statuses.set(request.url!, response.statusCode);
      const isAttack = request.url!.startsWith(attacked);
      if (isAttack && request.headers.cookie?.includes(`relay_${relay.server.port}=`)) cookies++;
    }

    beforeAll(async () => {
      browser = await startChromium("--host-resolver-rules=MAP evil.test 127.0.0.1");
      pages = await startPages();
      wire = await startWire(page);
      const flags = {
        port: "0",
        upstream: wire.url,
        allowedOrigins: [pages.origin],
        capture: true,
      };
      const { config } = await load({ flags });
      const journal = createJournal({ config, file: ":memory:", command: "start", say() {} });
      relay = await startRelay(config, [], { ...env, OPENAI_API_KEY: "sk-test" }, { journal });
      subscribe(finished, watch);
      context = await browser.newContext();
      inspector = await context.newPage();
      await inspector.goto(`${relay.server.url}${newLink(env, relay.server.port)}`);
    }, 30_000);
    afterAll(async () => {
      unsubscribe(finished, watch);
      await browser.close();
      await pages[Symbol.asyncDispose]();
      relay.server.cut();
      await relay.stop();
      await wire[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    });

    /** What the page of the inspector is answered. */
    const ask = (path: string, init = {}) =>
      inspector.evaluate(
        async ([path, init]) => (await fetch(path as string, init as RequestInit)).status,
        [path, init] as const,
      );

    test("shows the inspector, which alone may ask and send", async () => {
      expect(inspector.url()).toBe(`${relay.server.url}/_relay/`);
      expect(await ask("api/status")).toBe(200);
      const call = { again: "a-1", method: "GET", target: "/v1/models", headers: [], body: "" };
      const headers = { "content-type": "application/json" };
      expect(await ask("api/send", { method: "POST", headers, body: JSON.stringify(call) })).toBe(
        200,
      );
      expect(await wire.next()).toMatch(/^GET \/v1\/models /);
      wire.requests.splice(0);

      const opened = await inspector.evaluate(
        () =>
          new Promise((resolve) => {
            new EventSource("events").onopen = () => resolve("open");
          }),
      );
      expect(opened).toBe("open");
      expect(await inspector.evaluate("document.cookie")).toBe("");
    });

    test.each(["127.0.0.1", "evil.test"])("gives pages of %s nothing", async (host) => {
      const before = wire.received;
      cookies = 0;
      const site = `http://${host}:${pages.port}`;
      // Of WebSockets node:http does not tell.
      const names = Object.keys(quiet).filter((name) => !name.includes("WebSocket"));
      const targetOf = (name: string) => `${attacked}${host}-${name.replace(/\W/g, "-")}`;
      for (const name of names) {
        const target = `${relay.server.url}${targetOf(name)}`;
        const attack = quiet[name]!.replaceAll("TARGET", target).replaceAll("HERE", site);
        pages.set(`/${name.replace(/\W/g, "-")}`, `<!doctype html>${attack}`);
      }
      const frames = names.map((name) => `<iframe src="/${name.replace(/\W/g, "-")}"></iframe>`);
      pages.set("/all", frames.join(""));
      const page = await context.newPage();

      await page.goto(`${site}/all`);

      const results = () => names.map((name) => `${name}: ${statuses.get(targetOf(name))}`);
      await expect.poll(results, poll).toEqual(names.map((name) => `${name}: 403`));
      // Ports are one site to a browser: there the cookie does come along.
      expect(cookies > 0).toBe(host === "127.0.0.1");
      expect(wire.received).toBe(before);
      expect(await ask("api/status")).toBe(200);
    });

    test("gives them nothing by being led there", async () => {
      const lead = async ([name, attack]: [string, string]) => {
        const path = `/${name.replace(/\W/g, "-")}`;
        // The form puts what it asks for in the place of the query.
        const target = name === "a form that gets" ? "/_relay/?a=b" : `/_relay/?${path}`;
        const content = attack.replaceAll("TARGET", `${relay.server.url}${target}`);
        pages.set(path, `<!doctype html>${content.replaceAll("HERE", pages.origin)}`);
        const page = await context.newPage();

        await page.goto(`${pages.origin}${path}`, { waitUntil: "commit" }).catch(() => {});

        await expect.poll(() => statuses.get(target), { ...poll, message: name }).toBe(403);
        await page.close();
      };
      await Promise.all(Object.entries(leading).map(lead));
    });

    test("tells them nothing of what it sees, be it by an allowed origin", async () => {
      const page = await context.newPage();
      await page.goto(pages.origin);

      const seen = await page.evaluate(async (url) => {
        const attempt = (path: string, init: RequestInit) =>
          fetch(`${url}/_relay/${path}`, init).then(
            ({ status, type }) => `${status} ${type}`,
            () => "failed",
          );
        const socket = new WebSocket(`${url.replace("http", "ws")}/_relay/events`);
        const events = new EventSource(`${url}/_relay/events`, { withCredentials: true });
        return Promise.all([
          attempt("api/calls", { credentials: "include" }),
          attempt("api/send", { method: "POST", credentials: "include", body: "{}" }),
          attempt("api/status", { mode: "no-cors", credentials: "include" }),
          new Promise((resolve) => {
            socket.onopen = () => resolve("open");
            socket.onerror = () => resolve("failed");
          }),
          new Promise((resolve) => {
            events.onopen = () => resolve("open");
            events.onerror = () => resolve("failed");
          }),
        ]);
      }, relay.server.url);

      expect(seen).toEqual(Array(5).fill("failed"));
    });

    test("does not run what a call holds", async () => {
      const list = `fetch("api/calls?path=/v1/models").then((answer) => answer.json())`;
      const { calls } = await inspector.evaluate<Calls>(list);
      const page = await context.newPage();
      const url = `${relay.server.url}/_relay/api/calls/${calls[0]!.id}/body?side=answered`;
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.goto(url).catch(() => {}),
      ]);

      expect(await text(await download.createReadStream())).toBe(script);
      expect(await page.title()).toBe("");
      const loaded = await inspector.evaluate(`new Promise((resolve) => {
        const script = Object.assign(document.createElement("script"), { src: "${url}" });
        script.onload = () => resolve("run");
        script.onerror = () => resolve("refused");
        document.head.append(script);
      })`);
      expect(loaded).toBe("refused");
    });

    test("does not run what OpenAI answers, opened by its URL", async () => {
      const page = await context.newPage();

      const answer = await page.goto(`${relay.server.url}/v1/files/f/content`);

      expect(answer!.headers()["content-security-policy"]).toBe("sandbox");
      expect(await page.locator("script").count()).toBe(1);
      expect(await page.title()).toBe("");
      await page.close();
    });

    test("stays let in, whatever cookies others set", async () => {
      const page = await context.newPage();
      await page.goto(pages.origin);
      for (const path of ["/", "/_relay/", "/_relay/api", "/_relay/api/status"])
        await page.evaluate(
          `document.cookie = "relay_${relay.server.port}=${"A".repeat(43)}; path=${path}"`,
        );

      expect(await ask("api/status")).toBe(200);
    });

    test("is let in no more once it has logged out", async () => {
      expect(await ask("api/logout", { method: "POST" })).toBe(200);
      expect(await ask("api/status")).toBe(401);
      await inspector.reload();
      expect(await inspector.textContent("h1")).toBe("Open the inspector from your terminal");
    });
  },
);
