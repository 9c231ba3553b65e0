import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "../support/certificates.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { startRelay, type TestRelay } from "../support/relay.ts";
import { startWire } from "../support/wire.ts";
import { startPages } from "./pages.ts";

// A name of somebody else that points here: to the browser its page and the relay are one site.

const isForeign = [421, "host_not_allowed"];

describe.skipIf(hasNoChromium)("a name that points here", { timeout: 30_000 }, () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await startChromium(
      "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP *.evil.test 127.0.0.1",
      "--ignore-certificate-errors",
    );
    page = await browser.newPage();
  }, 30_000);
  afterAll(() => browser.close());

  /** What a page of the relay's own origin can try; resolves with what it could read of each. */
  const attack = () =>
    page.evaluate(async () => {
      const read = async (init?: RequestInit) => {
        const answer = await fetch("/v1/responses", init);
        return [answer.status, answer.headers.get("x-relay-error")];
      };
      const json = { "content-type": "application/json", authorization: "Bearer x" };
      const closed = new Promise((resolve) => {
        new WebSocket("/v1/realtime").addEventListener("close", ({ code }) => resolve(code));
      });
      return [
        await read(),
        await read({ method: "POST", body: "{}", headers: json }),
        await read({ method: "DELETE" }),
        await read({ headers: { "x-relay-token": "t" } }),
        await closed,
      ];
    });
  const nothing = [isForeign, isForeign, isForeign, isForeign, 1006];

  /** Each status once: to a 421 Chromium asks again on another connection. */
  const statusesOf = ({ outcomes }: TestRelay) => [
    ...new Set(outcomes.map(({ status }) => status)),
  ];

  test("gets nothing on the relay's own port", async () => {
    await using wire = await startWire();
    const site = await startPages();
    await page.goto(`http://evil.test:${site.port}`);
    // The name points elsewhere from here on; that the address is the same makes no difference.
    await site[Symbol.asyncDispose]();
    await using relay = await startRelay({ upstream: wire.url, port: `${site.port}` });

    expect(await attack()).toEqual(nothing);

    expect(statusesOf(relay)).toEqual([421]);
    expect(wire.received).toBe("");
  });

  test("gets nothing over TLS either", async () => {
    using certificates = createCertificates();
    await using wire = await startWire();
    const { cert, key, settings } = certificates;
    const site = createTlsServer({ cert, key }, (_req, res) => res.end("page"));
    await once(site.listen(0, "127.0.0.1"), "listening");
    const { port } = site.address() as AddressInfo;
    await page.goto(`https://evil.test:${port}`);
    site.closeAllConnections();
    await once(site.close(), "close");
    await using relay = await startRelay({ upstream: wire.url, port: `${port}`, ...settings });

    expect(await attack()).toEqual(nothing);

    expect(statusesOf(relay)).toEqual([421]);
    expect(wire.received).toBe("");
  });

  test("gets nothing from a port of its own", async () => {
    await using wire = await startWire();
    await using site = await startPages();
    await using relay = await startRelay({
      upstream: wire.url,
      allowedOrigins: [`http://evil.test:${site.port}`],
    });
    await page.goto(`http://evil.test:${site.port}`);

    // An origin that may call the relay must still call it by a name of the relay.
    const outcomes = await page.evaluate(async (url) => {
      const failure = await fetch(`http://${url}/v1/x`).catch((error: Error) => error.name);
      const blind = await fetch(`http://${url}/v1/x`, { mode: "no-cors", method: "POST" });
      const socket = new WebSocket(`ws://${url}/v1/realtime`);
      const code = await new Promise((resolve) => {
        socket.addEventListener("close", ({ code }) => resolve(code));
      });
      return [failure, blind.type, code];
    }, `evil.test:${relay.port}`);

    expect(outcomes).toEqual(["TypeError", "opaque", 1006]);
    expect(statusesOf(relay)).toEqual([421]);
    expect(wire.received).toBe("");
  });

  test.each([
    "evil.test",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "evil.localhost",
    "localhost.",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
  ])("gets nothing as %s, even if its user types it", async (name) => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url });

    const answer = await page.goto(`http://${name}:${relay.port}/v1/models`);

    expect([answer!.status(), answer!.headers()["x-relay-error"]]).toEqual(isForeign);
    expect(wire.received).toBe("");
  });

  test.each(["127.1", "2130706433", "0x7f.1", "[0:0::1]", "LOCALHOST"])(
    "gets an answer as %s, which is but a spelling of the relay's own",
    async (name) => {
      await using wire = await startWire();
      await using relay = await startRelay({ upstream: wire.url });

      const answer = await page.goto(`http://${name}:${relay.port}/v1/models`);

      expect(answer!.status()).toBe(200);
      expect(wire.requests[0]).toMatch(/^GET \/v1\/models /);
    },
  );

  test("gets an answer once it is one of allowedHosts", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, allowedHosts: ["evil.test"] });

    const answer = await page.goto(`http://evil.test:${relay.port}/v1/models`);

    expect(answer!.status()).toBe(200);
  });
});
