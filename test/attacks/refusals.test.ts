import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import type { Exchange, Observer, Outcome } from "../../src/exchange.ts";
import { startCommand } from "../support/command.ts";
import { rawConnection, rawExchange } from "../support/raw.ts";
import { startRelay } from "../support/relay.ts";

const get = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n";

test("what never became a request leaves one log line, and nothing of what was sent", async () => {
  await using relay = startCommand(["start", "--mock", "--port", "0", "--log-format", "json"]);
  const [, port] = await relay.until("stdout", /:(\d+)\/v1\n/);

  await rawExchange(Number(port), "nonsense sk-canary\r\n\r\n");
  await relay.until("stderr", /"error":"bad_request"/);
  await rawExchange(Number(port), `${get}X: ${"sk-canary".repeat(9_000)}\r\n\r\n`);
  await relay.until("stderr", /"error":"headers_too_large"/);
  await rawExchange(Number(port), "CONNECT evil.example:443 HTTP/1.1\r\n\r\n");
  await relay.until("stderr", /"error":"method_not_allowed"/);
  relay.child.kill("SIGTERM");
  const { stderr } = await relay.ended;

  const lines = stderr.match(/^\{.*\}$/gm)!.map((line) => JSON.parse(line));
  expect(lines.map(({ method, path, status, ending }) => [method, path, status, ending])).toEqual([
    ["-", "-", 400, "refused"],
    ["-", "-", 431, "refused"],
    ["CONNECT", "evil.example:443", 405, "refused"],
  ]);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(3);
  expect(stderr).not.toContain("canary");
});

test("a broken body is told once: by the request that it belongs to", async () => {
  const told: [Exchange, Outcome][] = [];
  const observer: Observer = { ended: (...one) => void told.push(one) };
  await using relay = await startRelay({ mock: true }, { observers: [observer] });

  const chunked = get.replace("GET", "POST");
  await rawExchange(relay.port, `${chunked}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`);
  await rawExchange(relay.port, `${get}\r\n\x16\x03\x01 what?\r\n\r\n`);

  await expect.poll(() => told.length).toBe(3);
  expect(told.map(([{ method }]) => method).sort()).toEqual(["-", "GET", "POST"]);
  expect(relay.live).toBe(0);
});

test("an observer that throws costs nobody a refusal", async () => {
  const observer: Observer = {
    ended() {
      throw new Error("broken");
    },
  };
  const warned = once(process, "warning");
  await using relay = await startRelay({ mock: true }, { observers: [observer] });

  expect(await rawExchange(relay.port, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  await warned;
});

test("limits.connections counts IPv4 and IPv6 together", async () => {
  await using relay = await startRelay({ mock: true, "limits.connections": "3" });
  using first = await rawConnection(relay.port, `${get}\r\n`);
  using second = await rawConnection(relay.port, `${get}\r\n`);
  const third = connect({ port: relay.port, host: "::1" });
  third.write(`${get}\r\n`);
  await Promise.all([first.until("200 OK"), second.until("200 OK"), once(third, "data")]);

  for (const host of ["127.0.0.1", "::1"]) {
    const surplus = connect({ port: relay.port, host }).on("error", () => {});
    let text = "";
    surplus.on("data", (data) => {
      text += data;
    });
    surplus.write(`${get}\r\n`);
    await once(surplus, "close");
    expect(text).toBe("");
  }
  third.destroy();
  await once(third, "close");

  await expect
    .poll(() => rawExchange(relay.port, `${get}Connection: close\r\n\r\n`))
    .toMatch(/^HTTP\/1\.1 200 /);
});

// Each asks the other, and so on: nothing may be added to a request, so nobody notices. It ends by a limit.
test("two relays in a circle end, and both live on", async () => {
  const limit = { "limits.connections": "40" };
  await using holder = await startRelay({ mock: true });
  const free = holder.port;
  await holder.stop();
  await using one = await startRelay({ upstream: `http://127.0.0.1:${free}`, ...limit });
  await using two = await startRelay({ upstream: one.url, port: String(free), ...limit });

  for (const method of ["GET", "POST"]) {
    const answer = await rawExchange(
      one.port,
      `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
    expect(answer).toContain("x-relay-error: upstream_reset");
  }

  await expect.poll(() => one.live + two.live).toBe(0);
  const alive = "GET /_relay/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  expect(await rawExchange(one.port, alive)).toMatch(/^HTTP\/1\.1 200 /);
  expect(one.outcomes.length + two.outcomes.length).toBeLessThan(4 * 40 + 4);
});
