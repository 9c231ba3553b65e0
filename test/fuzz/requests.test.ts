import fc from "fast-check";
import { expect, test } from "vitest";
import { canaries } from "../support/canaries.ts";
import { fuzz, limits, textOf } from "../support/fuzz.ts";
import { rawExchange } from "../support/raw.ts";
import { startRelay, testKey } from "../support/relay.ts";
import { startWire, valuesOf, type Wire } from "../support/wire.ts";

const oneLine = (text: fc.Arbitrary<string>) => text.map((line) => line.replace(/[\r\n]/g, ""));

/** Sends a request; what upstream got of it and what came back. */
async function send(wire: Wire, port: number, bytes: string) {
  const before = wire.requests.length;
  const answer = await rawExchange(port, bytes);
  const [request] = wire.requests.slice(before);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  return { answer, request, status };
}

test("of any target upstream gets nothing, or what was sent", limits, async () => {
  await using wire = await startWire();
  await using relay = await startRelay({ upstream: wire.url });
  const pieces = ["/v1", "/v1/", "/models", "%2F", "%2e", "..", "http://", "localhost", "é"];
  const target = fc
    .tuple(fc.constantFrom("/", "/v1/", ""), oneLine(textOf(...pieces, canaries.client)))
    .map((parts) => parts.join(""));

  await fuzz(target, async (sent) => {
    const head = `GET ${sent} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

    const { answer, request, status } = await send(wire, relay.port, head);

    const asked = sent
      .trim()
      .replace(/^http:\/\/localhost(?=[/?]|$)/i, "")
      .replace(/^(?=\?|$)/, "/");
    const expected = /^\/v1(?=[/?]|$)/.test(asked) ? asked : `/v1${asked}`;
    if (request)
      expect([request.split("\r\n", 1)[0], status]).toEqual([`GET ${expected} HTTP/1.1`, 200]);
    // Or it is about the relay itself.
    else
      expect(status).toSatisfy(
        (code: number) => (code >= 400 && code < 500) || sent.startsWith("/_relay/"),
      );
    expect(answer).not.toContain(canaries.client);
  });
});

test("of any header upstream gets nothing, or what was sent", limits, async () => {
  await using wire = await startWire();
  await using relay = await startRelay({ upstream: wire.url });
  const value = oneLine(textOf("Bearer ", "chunked", "close", ", ", "\t", "é", canaries.client));
  const name = fc.oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^x-[a-qs-z][a-z!#$%&'*+.^_`|~-]{0,20}$/) },
    oneLine(textOf("Host", "Connection", "Content-Length", "Origin", "Expect", "x-relay-")),
    fc.constantFrom("Accept", "Cookie", "Host", "Expect", "Transfer-Encoding", "Content-Length"),
  );

  await fuzz(fc.tuple(name, value), async ([field, sent]) => {
    const lines = ["GET /v1/models HTTP/1.1", "Host: localhost", `${field}: ${sent}`];
    const bytes = [...lines, "Connection: close", "", ""].join("\r\n");

    const { answer, request, status } = await send(wire, relay.port, bytes);

    if (request === undefined) expect(status).toSatisfy((s: number) => s < 500 || s === 501);
    else {
      expect(status).toBe(200);
      expect(valuesOf(request, "authorization")).toEqual([`Bearer ${testKey}`]);
      if (/^x-(?!relay-|forwarded-|real-ip$)[a-z-]+$/.test(field))
        expect(valuesOf(request, field)).toEqual([sent.replace(/^[ \t]+|[ \t]+$/g, "")]);
    }
    expect(answer).not.toContain(canaries.client);
  });
});

test("no key and no token is left in any list of subprotocols", limits, async () => {
  await using wire = await startWire();
  await using relay = await startRelay(
    { upstream: wire.url },
    { env: { RELAY_TOKENS: canaries.token } },
  );
  const taken = fc.constantFrom(canaries.token, canaries.client, "x", "").map((key) => {
    return `openai-insecure-api-key.${key}`;
  });
  const kept = fc.constantFrom("realtime", "v1", "openai-beta.realtime-v1", "sk-none", "openai");
  const space = fc.constantFrom("", " ", "\t", "  ");
  const list = fc.array(fc.tuple(space, fc.oneof(taken, kept), space), {
    minLength: 1,
    maxLength: 6,
  });

  await fuzz(fc.tuple(list, canSplit), async ([protocols, at]) => {
    const all = protocols.map((parts) => parts.join(""));
    const lists = [all.slice(0, at), all.slice(at)].filter((some) => some.length > 0);
    const lines = lists.map((some) => `Sec-WebSocket-Protocol: ${some.join(",")}`);
    const head = ["GET /v1/realtime HTTP/1.1", "Host: localhost", "Connection: Upgrade"];
    const rest = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${nonce}`];

    const bytes = [...head, ...rest, ...lines, "", ""].join("\r\n");
    const { request, status } = await send(wire, relay.port, bytes);

    if (request === undefined) {
      expect(status).toSatisfy((code: number) => code >= 400 && code < 500);
      return;
    }
    const offered = valuesOf(request, "sec-websocket-protocol").flatMap((one) => one.split(","));
    expect(offered.map((one) => one.trim())).toEqual(
      all.map((one) => one.trim()).filter((one) => !one.startsWith("openai-insecure")),
    );
    expect(valuesOf(request, "authorization")).toEqual([`Bearer ${testKey}`]);
  });
});

const nonce = "dGhlIHNhbXBsZSBub25jZQ==";

/** Where a list is split in two lines. */
const canSplit = fc.nat(6);
