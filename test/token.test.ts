import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createToken, removeToken } from "../src/config/client-tokens.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { rawExchange } from "./support/raw.ts";
import { startRelay, type TestRelay, testKey } from "./support/relay.ts";
import { load, problemsOf } from "./support/settings.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const keyProtocol = "openai-insecure-api-key";

function minutesFromNow(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

function get(...lines: string[]): string {
  const head = ["GET /v1/models HTTP/1.1", "Host: localhost", "Connection: close", ...lines];
  return `${head.join("\r\n")}\r\n\r\n`;
}

function upgrade(...lines: string[]): string {
  const handshake = ["Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const head = ["GET /v1/realtime HTTP/1.1", "Host: localhost", "Connection: Upgrade"];
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  return `${[...head, ...handshake, key, ...lines].join("\r\n")}\r\n\r\n`;
}

/** Every place where a client can put a token. */
const places: [place: string, request: (token: string) => string][] = [
  ["Authorization", (token) => get(`Authorization: Bearer ${token}`)],
  ["api-key", (token) => get(`api-key: ${token}`)],
  ["x-relay-token", (token) => get(`x-relay-token: ${token}`)],
  [
    "a subprotocol",
    (token) => upgrade(`Sec-WebSocket-Protocol: realtime, ${keyProtocol}.${token}`),
  ],
  ["the only subprotocol", (token) => upgrade(`Sec-WebSocket-Protocol: ${keyProtocol}.${token}`)],
];

/** And beside one of them, where a token has no business. */
const besides: typeof places = [
  ["two lines of Authorization", "Authorization: Bearer TOKEN", "Authorization: Bearer sk-own"],
  ["two lines of api-key", "api-key: TOKEN", "api-key: own"],
  ["Authorization without Bearer", "Authorization: TOKEN"],
  ["a list in api-key", "api-key: own,TOKEN"],
].map(([place, ...lines]) => [
  place!,
  (token) => get(...lines.map((line) => line.replace("TOKEN", token)), `x-relay-token: ${token}`),
]);

async function statusOf(relay: { port: number }, token?: string): Promise<number> {
  const lines = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  const answer = await rawExchange(relay.port, get(...lines));
  return Number(answer.slice(9, 12));
}

/** Body and advice of a refusal. */
function refusalOf(answer: string) {
  const { error } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
  const retry = /^x-should-retry: (.*)\r$/im.exec(answer)?.[1];
  return { status: Number(answer.slice(9, 12)), code: error.code, message: error.message, retry };
}

describe("a relay that asks for tokens", () => {
  let home: Folder;
  let upstream: Upstream;
  let relay: TestRelay;
  const env = () => ({ HOME: home.path });

  beforeAll(async () => {
    home = createFolder();
    upstream = await startUpstream();
    relay = await startRelay({ upstream: upstream.url, requireToken: true }, { env: env() });
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  test("refuses what comes with none, with an unknown one or a piece of one, for good", async () => {
    const { token } = createToken(env(), {});
    const unknown = [undefined, "relay", `${token}x`, token.slice(0, -1), token.toUpperCase()];
    const before = upstream.seen.length;

    for (const given of unknown) {
      const lines = given === undefined ? [] : [`Authorization: Bearer ${given}`];
      const answer = await rawExchange(relay.port, get(...lines));
      expect(refusalOf(answer)).toMatchObject({
        ...{ status: 401, code: "invalid_relay_token", retry: "false" },
        message: expect.stringContaining("client tokens"),
      });
    }
    expect(upstream.seen.length).toBe(before);
  });

  test.each(places)("takes one in %s, and nothing of it goes up", async (_, request) => {
    const { token } = createToken(env(), {});
    const before = upstream.seen.length;

    await rawExchange(relay.port, request(token));

    expect(upstream.seen).toHaveLength(before + 1);
    const lines = upstream.seen.at(-1)!.rawHeaders;
    expect(lines).toContain(`Bearer ${testKey}`);
    expect(lines.join("\n")).not.toContain("relay_");
  });

  test("takes a new one and refuses a removed one without being told", async () => {
    const { token, stored } = createToken(env(), { name: "short-lived" });
    const other = createToken(env(), {});

    expect(await statusOf(relay, token)).toBe(200);
    removeToken(env(), stored.name);
    expect(await statusOf(relay, token)).toBe(401);
    expect(await statusOf(relay, other.token)).toBe(200);
  });

  test("says of an expired one that it is, to those who have it", async () => {
    const expired = createToken(env(), { expires: minutesFromNow(-1) });
    const good = createToken(env(), { expires: minutesFromNow(60) });

    const answer = await rawExchange(relay.port, get(`api-key: ${expired.token}`));
    const both = get(`api-key: ${expired.token}`, `Authorization: Bearer ${good.token}`);

    expect(refusalOf(answer)).toMatchObject({
      ...{ status: 401, code: "invalid_relay_token", retry: "false" },
      message: expect.stringContaining("expired"),
    });
    expect(await rawExchange(relay.port, both)).toMatch(/^HTTP\/1.1 200 /);
  });

  test("lets nobody in while the file is damaged", async () => {
    const { token } = createToken(env(), {});
    const file = home.at(".local/state/openai-relay/tokens.json");

    writeFileSync(file, "{");
    const damaged = await statusOf(relay, token);
    writeFileSync(file, "{}");

    expect(damaged).toBe(401);
    expect(await statusOf(relay, createToken(env(), {}).token)).toBe(200);
  });
});

describe("on loopback, where none is needed", () => {
  test.each(places)("one in %s tells who it is, and nothing of it goes up", async (_, request) => {
    using home = createFolder();
    await using upstream = await startUpstream();
    const clients: (string | undefined)[] = [];
    const observers = [{ ended: ({ client }: { client?: string }) => void clients.push(client) }];
    const env = { HOME: home.path };
    await using relay = await startRelay({ upstream: upstream.url }, { env, observers });
    const { token } = createToken(env, { name: "ci" });

    await rawExchange(relay.port, request(token));
    removeToken(env, "ci");
    await rawExchange(relay.port, request(token));

    expect(clients).toEqual(["ci", undefined]);
    expect(upstream.seen).toHaveLength(2);
    for (const { rawHeaders } of upstream.seen) expect(rawHeaders.join("\n")).not.toContain(token);
  });

  test("anything else is let in, and an api-key of the client's own passes", async () => {
    using home = createFolder();
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url }, { env: { HOME: home.path } });

    const answer = await rawExchange(relay.port, get("api-key: relay_own"));

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(upstream.seen[0]?.headers["api-key"]).toBe("relay_own");
  });

  test("an expired one is as good as none", async () => {
    using home = createFolder();
    await using relay = await startRelay({ mock: true }, { env: { HOME: home.path } });
    const { token } = createToken({ HOME: home.path }, { expires: minutesFromNow(-1) });

    expect(await statusOf(relay, token)).toBe(200);
  });
});

describe("where the clients' own keys pass", () => {
  let home: Folder;
  let upstream: Upstream;
  beforeAll(async () => {
    home = createFolder();
    upstream = await startUpstream();
  });
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  const everywhere = [...places.filter(([place]) => place !== "x-relay-token"), ...besides];
  test.each(
    everywhere.flatMap(([place, request]) =>
      [true, false].map((isWanted) => [place, isWanted, request] as const),
    ),
  )(
    "a token in %s is refused with the place for it (asked for: %s)",
    async (_, isWanted, request) => {
      const env = { HOME: home.path };
      const configured = "a-token-of-the-settings";
      const flags = { upstream: upstream.url, auth: "passthrough", requireToken: isWanted };
      const tokens = isWanted ? { RELAY_TOKENS: configured } : {};
      await using relay = await startRelay(flags, { env: { ...env, ...tokens } });
      const { token } = createToken(env, {});

      for (const given of isWanted ? [token, configured] : [token]) {
        const answer = await rawExchange(relay.port, request(given));
        expect(refusalOf(answer)).toMatchObject({
          ...{ status: 401, code: "invalid_relay_token", retry: "false" },
          message: expect.stringContaining("x-relay-token"),
        });
      }
      expect(upstream.seen).toEqual([]);
    },
  );

  test("x-relay-token lets in and stays here, the key travels on", async () => {
    const env = { HOME: home.path };
    const flags = { upstream: upstream.url, auth: "passthrough", requireToken: true };
    await using relay = await startRelay(flags, { env });
    const { token } = createToken(env, {});

    const lines = [`x-relay-token: ${token}`, "Authorization: Bearer sk-own", "api-key: own"];
    await rawExchange(relay.port, get(...lines));

    expect(upstream.seen[0]?.headers).toMatchObject({
      authorization: "Bearer sk-own",
      "api-key": "own",
    });
    expect(upstream.seen[0]?.rawHeaders.join("\n")).not.toContain(token);
  });
});

test.each(besides)("%s carries no token up where the relay's key does", async (_, request) => {
  using home = createFolder();
  await using upstream = await startUpstream();
  const env = { HOME: home.path };
  for (const requireToken of [true, false])
    for (const authHeader of ["authorization", "x-own-key"]) {
      const flags = { upstream: upstream.url, requireToken, authHeader };
      await using relay = await startRelay(flags, { env });
      const { token } = createToken(env, {});

      await rawExchange(relay.port, request(token));

      expect(upstream.seen.at(-1)?.rawHeaders.join("\n")).toContain(testKey);
      expect(upstream.seen.at(-1)?.rawHeaders.join("\n")).not.toContain(token);
    }
  expect(upstream.seen).toHaveLength(4);
});

describe("relay start", () => {
  test("takes notice of tokens that come and go, and names them in the log", async () => {
    using home = createFolder();
    const env = { HOME: home.path };
    const args = ["start", "--port", "0", "--mock", "--require-token", "--log-format", "json"];
    await using relay = startCommand(args, { env });
    const [, url] = await relay.until("stdout", /(.*)\/v1\n/);
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${url}/v1/models`, { headers })).status;
    };
    expect(relay.stderr).toContain('every request is refused: run "relay token new"');
    expect(relay.stderr).toContain("OPENAI_API_KEY='<client token>'");

    const token = (await runCommand(["token", "new", "--name", "ci"], { env })).stdout.trim();
    const made = await ask(token);
    await runCommand(["token", "rm", "ci"], { env });
    const removed = await ask(token);
    await relay.until("stderr", /"error":"invalid_relay_token"/);

    expect([made, removed]).toEqual([200, 401]);
    expect(relay.stderr).toMatch(/"status":200,.*"client":"ci"/);
    expect(relay.stderr).not.toMatch(/"status":401,.*"client"/);
    expect(relay.stdout + relay.stderr).not.toContain(token);
  });

  test("on a Unix socket asks for none, whatever the host", async () => {
    const flags = { host: "0.0.0.0", socket: "/nonexistent/relay.sock" };

    await expect(load({ flags })).resolves.toMatchObject({ remarks: [] });
  });

  test("on loopback says nothing of tokens", async () => {
    await using relay = startCommand(["start", "--port", "0", "--mock"]);
    await relay.until("stdout", /\/v1\n/);

    expect(relay.stderr).toContain("OPENAI_API_KEY=relay");
    expect(relay.stderr).not.toMatch(/token/i);
  });

  test("on a wide bind refuses without a token that is good, and serves with one", async () => {
    using home = createFolder();
    const env = { HOME: home.path };
    const args = ["start", "--host", "0.0.0.0", "--port", "0", "--mock"];
    createToken(env, { name: "old", expires: minutesFromNow(-1) });

    const refused = await runCommand(args, { env });
    const { token } = createToken(env, {});
    await using relay = startCommand(args, { env });
    const [, port] = await relay.until("stdout", /:(\d+)\/v1\n/);

    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain('"host" is "0.0.0.0" (flag --host): others could reach');
    expect(refused.stderr).toContain("relay token new");
    expect(await statusOf({ port: Number(port) }, token)).toBe(200);
    expect(await statusOf({ port: Number(port) })).toBe(401);
    expect(relay.stderr).toContain("OPENAI_API_KEY='<client token>'");
  });
});

describe("a token of the settings that could be guessed", () => {
  test.each(["secret", "15-letters-only", "passwordpassword", "1111111111111111111"])(
    "%s is refused on a wide bind and remarked upon else",
    async (token) => {
      const env = { RELAY_TOKENS: `${token},a-good-one-8f3kd92m` };

      const [problem] = await problemsOf({ env, flags: { host: "0.0.0.0" } });
      const { remarks } = await load({ env });

      expect(problem).toMatch(/^"tokens" is .*\(hidden\).* \(env RELAY_TOKENS\): .*guessed/);
      expect(remarks).toEqual([expect.stringContaining("tokens: one of them could be guessed")]);
      expect(problem + remarks.join()).not.toContain(token);
    },
  );

  test("any other is fine", async () => {
    const env = { RELAY_TOKENS: "a-good-one-8f3kd92m" };

    expect((await load({ env, flags: { host: "0.0.0.0" } })).remarks).toEqual([]);
  });
});
