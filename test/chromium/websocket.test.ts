import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WebSocket as ServerSocket } from "ws";
import { createCertificates } from "../support/certificates.ts";
import { hasNoChromium, startChromium } from "../support/chromium.ts";
import { startRelay as start, testKey } from "../support/relay.ts";
import { startUpstream } from "../support/upstream.ts";
import { startWebSocketUpstream } from "../support/websocket.ts";
import { type Pages, startPages } from "./pages.ts";

const keyProtocol = "openai-insecure-api-key.";

describe.skipIf(hasNoChromium)("a WebSocket of a page", { timeout: 30_000 }, () => {
  let browser: Browser;
  let pages: Pages;
  let page: Page;

  beforeAll(async () => {
    browser = await startChromium("--ignore-certificate-errors");
    pages = await startPages();
    page = await browser.newPage();
    await page.goto(pages.origin);
  }, 30_000);
  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
  });

  const startRelay = (flags: Parameters<typeof start>[0]) =>
    start({ allowedOrigins: [pages.origin], ...flags });
  const toSocketUrl = (url: string) => `${url.replace("http", "ws")}/v1/realtime?model=m%2F1`;

  /** Dials; `opened` tells the protocol, or `null` when it was refused. */
  function open(url: string, protocols: string[] = ["realtime"], on = page) {
    return on.evaluateHandle(
      ([url, protocols]) => {
        const socket = new WebSocket(url, protocols);
        const opened = new Promise<string | null>((resolve) => {
          socket.addEventListener("open", () => resolve(socket.protocol));
          socket.addEventListener("error", () => resolve(null));
        });
        const closed = new Promise<[number, string, boolean]>((resolve) => {
          socket.addEventListener("close", ({ code, reason, wasClean }) =>
            resolve([code, reason, wasClean]),
          );
        });
        return { socket, opened, closed };
      },
      [url, protocols] as const,
    );
  }

  type Dialled = Awaited<ReturnType<typeof open>>;
  const opened = (dialled: Dialled) => dialled.evaluate(({ opened }) => opened);
  const closed = (dialled: Dialled) => dialled.evaluate(({ closed }) => closed);

  test.each([
    [["realtime", `${keyProtocol}sk-page`], "realtime", "realtime"],
    [[`${keyProtocol}sk-page`, "realtime"], "realtime", "realtime"],
    [
      [
        "realtime",
        `${keyProtocol}sk-page`,
        "openai-organization.o",
        "openai-project.p",
        "openai-beta.realtime-v1",
      ],
      "realtime",
      "realtime, openai-organization.o, openai-project.p, openai-beta.realtime-v1",
    ],
    [[`${keyProtocol}sk-page`], `${keyProtocol}sk-page`, undefined],
    [[], "", undefined],
  ])("that offers %j opens with %j", async (offered, selected, sentUp) => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    const socket = await open(toSocketUrl(relay.url), offered);

    expect(await opened(socket)).toBe(selected);
    const { url, headers, rawHeaders } = upstream.handshakes[0]!;
    expect(url).toBe("/v1/realtime?model=m%2F1");
    expect(headers["sec-websocket-protocol"]).toBe(sentUp);
    expect(headers.authorization).toBe(`Bearer ${testKey}`);
    expect(rawHeaders.join("\n")).not.toMatch(/sk-page|origin|cookie|sec-fetch/i);
  });

  test("that brings an ephemeral client secret goes up with it and without the relay's key", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    const socket = await open(toSocketUrl(relay.url), ["realtime", `${keyProtocol}ek_1`]);

    expect(await opened(socket)).toBe("realtime");
    const { headers } = upstream.handshakes[0]!;
    expect(headers["sec-websocket-protocol"]).toBe(`realtime, ${keyProtocol}ek_1`);
    expect(headers).not.toHaveProperty("authorization");
  });

  test.each([
    ["with compression", true],
    ["without compression", false],
  ])("carries text and binary messages of every size, %s", async (_name, perMessageDeflate) => {
    const onConnection = (socket: ServerSocket) =>
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    await using upstream = await startWebSocketUpstream({ perMessageDeflate, onConnection });
    await using relay = await startRelay({ upstream: upstream.url });
    const dialled = await open(toSocketUrl(relay.url));
    await opened(dialled);

    const differing = await dialled.evaluate(async ({ socket }) => {
      socket.binaryType = "arraybuffer";
      const echo = (message: string | Uint8Array<ArrayBuffer>) =>
        new Promise<unknown>((resolve) => {
          socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
          socket.send(message);
        });
      const differing: string[] = [];
      for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1_000_000]) {
        const text = "é☃x".repeat(size / 3 + 1).slice(0, size);
        if ((await echo(text)) !== text) differing.push(`text of ${size}`);
        const bytes = Uint8Array.from({ length: size }, (_, i) => i * (i >> 8));
        const back = new Uint8Array((await echo(bytes)) as ArrayBuffer);
        const isSame = back.length === size && back.every((byte, i) => byte === bytes[i]);
        if (!isSame) differing.push(`binary of ${size}`);
      }
      return differing;
    });

    expect(differing).toEqual([]);
    const extensions = await dialled.evaluate(({ socket }) => socket.extensions);
    expect(extensions.includes("permessage-deflate")).toBe(perMessageDeflate);
  });

  test("gets a thousand messages in the order in which they were sent", async () => {
    await using upstream = await startWebSocketUpstream({
      onConnection(socket) {
        for (let i = 0; i < 1000; i++) socket.send(`${i}`.padEnd(i * 7, "."));
        socket.close(1000);
      },
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const numbers = await page.evaluate((url) => {
      const socket = new WebSocket(url);
      const numbers: number[] = [];
      socket.addEventListener("message", ({ data }) => numbers.push(Number.parseInt(data, 10)));
      return new Promise<number[]>((resolve) => {
        socket.addEventListener("close", () => resolve(numbers));
      });
    }, toSocketUrl(relay.url));

    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test.each([
    [1000, "done"],
    [3000, ""],
    [4999, "é☃".repeat(20)],
    [undefined, undefined],
  ])("closes with %j %j, and upstream hears it", async (code, reason) => {
    const heard = Promise.withResolvers<[number, string]>();
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) =>
        socket.on("close", (code, reason) => heard.resolve([code, String(reason)])),
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const dialled = await open(toSocketUrl(relay.url));
    await opened(dialled);

    await dialled.evaluate(({ socket }, [code, reason]) => socket.close(code, reason), [
      code,
      reason,
    ] as const);

    const said = [code ?? 1005, reason ?? ""];
    expect(await heard.promise).toEqual(said);
    expect(await closed(dialled)).toEqual([...said, true]);
    expect((await relay.nextOutcome()).ending).toBe("complete");
  });

  test.each([
    [1000, ""],
    [1001, "going away"],
    [1008, "policy"],
    [1011, "é☃".repeat(20)],
    [1013, "try again later"],
    [3000, "x".repeat(123)],
    [4000, "session_expired"],
    [undefined, ""],
  ])("hears when upstream closes with %j %j", async (code, reason) => {
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => socket.close(code, reason),
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const dialled = await open(toSocketUrl(relay.url));

    expect(await closed(dialled)).toEqual([code ?? 1005, reason, true]);
  });

  test.each(["ends", "resets"])("sees 1006 when upstream %s the connection", async (how) => {
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => socket.send("last words"),
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const dialled = await open(toSocketUrl(relay.url));
    await opened(dialled);

    if (how === "ends") upstream.sockets[0]!.end();
    else upstream.sockets[0]!.resetAndDestroy();

    expect(await closed(dialled)).toEqual([1006, "", false]);
  });

  test("ends at upstream when its page is closed", async () => {
    const left = Promise.withResolvers<number>();
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => socket.on("close", left.resolve),
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const other = await browser.newPage();
    await other.goto(pages.origin);
    await opened(await open(toSocketUrl(relay.url), [], other));

    await other.close();

    expect([1001, 1006]).toContain(await left.promise);
    await relay.nextOutcome();
  });

  test("that upstream refuses does not open", async () => {
    await using upstream = await startUpstream((_req, res) => res.writeHead(403).end("no"));
    await using relay = await startRelay({ upstream: upstream.url });

    const dialled = await open(toSocketUrl(relay.url));

    expect(await opened(dialled)).toBe(null);
    expect(await closed(dialled)).toEqual([1006, "", false]);
    expect((await relay.nextOutcome()).status).toBe(403);
  });

  test("is let in by a client token among its protocols, which goes no further", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url, tokens: ["t-1"] });
    const dial = async (...protocols: string[]) =>
      opened(await open(toSocketUrl(relay.url), protocols));

    expect(await dial("realtime", `${keyProtocol}t-1`)).toBe("realtime");
    expect(await dial(`${keyProtocol}t-1`)).toBe(`${keyProtocol}t-1`);
    expect(await dial("realtime", `${keyProtocol}t-2`)).toBe(null);
    expect(await dial("realtime")).toBe(null);

    expect(upstream.handshakes).toHaveLength(2);
    for (const { headers, rawHeaders } of upstream.handshakes) {
      expect(headers.authorization).toBe(`Bearer ${testKey}`);
      expect(rawHeaders.join("\n")).not.toContain("t-1");
    }
  });

  test("of wss:// opens on the relay's own port", async () => {
    using certificates = createCertificates();
    const onConnection = (socket: ServerSocket) => socket.close(4000, "hello");
    await using upstream = await startWebSocketUpstream({ onConnection });
    await using relay = await startRelay({ upstream: upstream.url, ...certificates.settings });

    const url = `wss://localhost:${relay.port}/v1/realtime`;
    const dialled = await open(url, ["realtime", `${keyProtocol}sk-page`]);

    expect(await opened(dialled)).toBe("realtime");
    expect(await closed(dialled)).toEqual([4000, "hello", true]);
    expect(upstream.handshakes[0]!.headers.authorization).toBe(`Bearer ${testKey}`);
  });
});
