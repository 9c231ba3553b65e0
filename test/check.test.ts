import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Report } from "../src/check/run.ts";
import { type Authority, createAuthority } from "./support/authority.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Each test starts the program once or more, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const key = "sk-proj-abcdefghijklmnopqrstuvw3fA9";

let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
});
afterAll(() => authority[Symbol.dispose]());

/** Runs `relay check --json` and looks at what every report must be. */
async function check(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const given = { OPENAI_API_KEY: key, ...env };
  const ended = await runCommand(["check", "--no-config", "--json", ...args], { env: given });
  expect(ended.stderr).toBe("");
  expect(ended.stdout).not.toContain(key);
  const report: Report = JSON.parse(ended.stdout);
  expect(report.exitCode).toBe(ended.code);
  expect(report.ok).toBe(ended.code === 0);
  return report;
}

/** Name and status of every step. */
function outline({ checks }: Report): string {
  return checks.map(({ name, status }) => `${name} ${status}`).join(", ");
}

function find({ checks }: Report, name: string) {
  return checks.find((check) => check.name === name);
}

const models = ["gpt-4.1", "gpt-4.1-mini"];

const answerModels: RequestListener = (req, res) => {
  const isKnown = req.url === "/v1/models" || req.url === "/v1/models/gpt-4.1";
  const error = { message: "The model does not exist", code: "model_not_found" };
  const list = { object: "list", data: models.map((id) => ({ id })) };
  res.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
  res.end(JSON.stringify(isKnown ? list : { error }));
};

test("all is well over TLS: each step says what it found", async () => {
  await using upstream = await startUpstream(answerModels, authority.issue());

  const report = await check([
    ...["--upstream", upstream.url, "--ca", authority.file, "--model", "gpt-4.1"],
  ]);

  expect(report).toMatchObject({ ok: true, upstream: upstream.url, exitCode: 0 });
  expect(report.checks.map(({ name, status, detail }) => [name, status, detail])).toEqual([
    ["config", "passed", "no file: flags, environment and defaults"],
    ["key", "passed", "OPENAI_API_KEY (environment), sk-proj-…3fA9 (project key)"],
    ["dns", "skipped", "127.0.0.1 is an address"],
    ["tcp", "passed", `127.0.0.1 port ${upstream.port}`],
    ["tls", "passed", "TLS 1.3, certificate by Test Authority, expires in 19 days"],
    ["http", "passed", "GET /v1/models → 200"],
    ["auth", "passed", "the key is accepted, 2 models"],
    ["model", "passed", "gpt-4.1 is available"],
  ]);
  expect(report.checks.every(({ ms }) => ms >= 0)).toBe(true);
  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
});

test("a plain upstream has no TLS to look at, and a name is looked up", async () => {
  await using upstream = await startUpstream(answerModels);

  const report = await check(["--upstream", `http://localhost:${upstream.port}`]);

  expect(outline(report)).toBe(
    "config passed, key passed, dns passed, tcp passed, tls skipped, http passed, auth passed, model skipped",
  );
  expect(find(report, "dns")?.detail).toMatch(/^localhost → /);
});

test("the mock needs no key and no network", async () => {
  const report = await check(["--mock"], { OPENAI_API_KEY: "" });

  expect(report).toMatchObject({ ok: true, upstream: "mock" });
  expect(outline(report)).toBe(
    "config passed, key skipped, dns skipped, tcp skipped, tls skipped, http passed, auth passed, model skipped",
  );
});

test("what needs a failed step is skipped and names it", async () => {
  const report = await check(["--upstream", "https://127.0.0.1:1"]);

  expect(outline(report)).toBe(
    "config passed, key passed, dns skipped, tcp failed, tls skipped, http skipped, auth skipped, model skipped",
  );
  expect(find(report, "auth")?.detail).toBe("skipped: needs tcp");
});

type Expected = { code: number; failed: string; detail: RegExp; hint: RegExp };

/** Holds the first failure to its cause, its hint and its exit code. */
function expectFailure(report: Report, { code, failed, detail, hint }: Expected): void {
  const failure = report.checks.find(({ status }) => status === "failed");
  expect(failure).toMatchObject({
    name: failed,
    detail: expect.stringMatching(detail),
    hint: expect.stringMatching(hint),
  });
  expect(report.exitCode).toBe(code);
}

describe("settings and keys", () => {
  test.for<[what: string, args: string[], env: NodeJS.ProcessEnv, expected: Expected]>([
    [
      "a wrong variable",
      [],
      { RELAY_PORT: "http" },
      { code: 3, failed: "config", detail: /"port" is "http" \(env RELAY_PORT\)/, hint: /Correct/ },
    ],
    [
      "a wrong flag",
      ["--port", "http"],
      {},
      { code: 2, failed: "config", detail: /\(flag --port\)/, hint: /--help/ },
    ],
    [
      "no key",
      ["--upstream", "http://127.0.0.1:1"],
      { OPENAI_API_KEY: "" },
      { code: 4, failed: "key", detail: /no API key/, hint: /OPENAI_API_KEY/ },
    ],
    [
      "a key in quotes",
      ["--upstream", "http://127.0.0.1:1"],
      { OPENAI_API_KEY: `"${key}"` },
      { code: 4, failed: "key", detail: /quotes/, hint: /away/ },
    ],
    [
      "two words for a key",
      ["--upstream", "http://127.0.0.1:1"],
      { OPENAI_API_KEY: `Bearer ${key}` },
      { code: 4, failed: "key", detail: /one word/, hint: /nothing else/ },
    ],
  ])("%s", async ([, args, env, expected]) => {
    expectFailure(await check(args, env), expected);
  });

  test("broken settings leave nothing else to try", async () => {
    const report = await check([], { RELAY_PORT: "http" });

    expect(report.checks.slice(1).map(({ detail }) => detail)).toEqual(
      Array(7).fill("skipped: needs config"),
    );
  });

  test("an admin key in the place of the key is a warning", async () => {
    await using upstream = await startUpstream(answerModels);

    const report = await check(["--upstream", upstream.url], { OPENAI_API_KEY: `sk-admin-${key}` });

    expect(find(report, "key")).toMatchObject({ status: "warning", hint: /OPENAI_ADMIN_KEY/ });
    expect(report.ok).toBe(true);
  });

  test("with auth passthrough there is no key to judge", async () => {
    await using upstream = await startUpstream((_req, res) => res.writeHead(401).end("{}"));

    const report = await check(["--upstream", upstream.url, "--auth", "passthrough"]);

    expect(outline(report)).toMatch(/key skipped, .*http passed, auth skipped, model skipped$/);
    expect(upstream.seen[0]?.headers.authorization).toBeUndefined();
  });

  test("a key from standard input is read once, and hidden where it is quoted back", async () => {
    const odd = "an-odd-key-of-somebody";
    await using upstream = await startUpstream((req, res) => {
      const message = `What is ${req.headers.authorization}?`;
      res.writeHead(401).end(JSON.stringify({ error: { message } }));
    });

    const { stdout } = await runCommand(
      ["check", "--no-config", "--json", "--upstream", upstream.url, "--key-file", "-"],
      { input: `${odd}\n` },
    );

    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${odd}`);
    expect(find(JSON.parse(stdout), "auth")?.detail).toMatch(/What is Bearer \[key\]\?/);
    expect(stdout).not.toContain(odd);
  });

  test("a config file is named, and so is what is odd about it", async () => {
    using folder = createFolder({ "relay.config.json": { mock: true } });

    const { stdout } = await runCommand(["check", "--json"], { cwd: folder.path });

    expect(find(JSON.parse(stdout), "config")?.detail).toMatch(/relay\.config\.json$/);
  });
});

describe("the network", () => {
  test("an unknown name", async () => {
    expectFailure(await check(["--upstream", "https://nothing.invalid"]), {
      ...{ code: 6, failed: "dns", detail: /^nothing\.invalid / },
      hint: /spelling|network/,
    });
  });

  test("a port where nothing listens", async () => {
    expectFailure(await check(["--upstream", "http://127.0.0.1:1"]), {
      ...{ code: 7, failed: "tcp", detail: /^127\.0\.0\.1:1 refuses.*ECONNREFUSED/ },
      hint: /Nothing listens there/,
    });
  });

  test.for([
    ["https", "tls"],
    ["http", "http"],
  ] as const)("a server that never answers, over %s", async ([protocol, failed]) => {
    await using upstream = await startRawUpstream(() => {});
    const url = `${protocol}://127.0.0.1:${upstream.port}`;

    expectFailure(await check(["--upstream", url, "--timeout", "300ms"]), {
      ...{ code: 7, failed, detail: /no answer within 0\.3 s/ },
      hint: /--timeout/,
    });
  });

  test.for<[what: string, wish: Parameters<Authority["issue"]>[0], trusted: boolean, Expected]>([
    [
      "an authority that is not trusted",
      {},
      false,
      { code: 7, failed: "tls", detail: /authority that is not trusted/, hint: /--ca/ },
    ],
    [
      "an expired certificate",
      { days: -1 },
      true,
      { code: 7, failed: "tls", detail: /expired.*CERT_HAS_EXPIRED/, hint: /clock/ },
    ],
    [
      "a certificate for another name",
      { name: "DNS:other.example" },
      true,
      { code: 7, failed: "tls", detail: /for another name/, hint: /host in upstream/ },
    ],
  ])("%s", async ([, wish, trusted, expected]) => {
    await using upstream = await startUpstream(answerModels, authority.issue(wish));
    const ca = trusted ? ["--ca", authority.file] : [];

    expectFailure(await check(["--upstream", upstream.url, ...ca]), expected);
  });

  test("a server without TLS", async () => {
    await using upstream = await startUpstream(answerModels);

    expectFailure(await check(["--upstream", `https://127.0.0.1:${upstream.port}`]), {
      ...{ code: 7, failed: "tls", detail: /does not speak TLS/, hint: /http:\/\// },
    });
  });
});

describe("the answer", () => {
  const json = (status: number, code: string, message = "said") => {
    return [status, JSON.stringify({ error: { code, message } })] as const;
  };

  test.for<[what: string, answer: readonly [number, string], expected: Expected]>([
    [
      "401",
      json(401, "invalid_api_key", `Incorrect API key provided: ${key}.`),
      {
        ...{ code: 4, failed: "auth", hint: /api-keys/ },
        detail: /^the key is rejected: 401 invalid_api_key: Incorrect API key provided: \[key\]/,
      },
    ],
    [
      "403",
      json(403, "unsupported_country_region_territory"),
      { code: 5, failed: "auth", detail: /403 unsupported_country/, hint: /country/ },
    ],
    [
      "429 for the quota",
      json(429, "insufficient_quota"),
      { code: 5, failed: "auth", detail: /429 insufficient_quota/, hint: /bill/ },
    ],
    [
      "429 for the rate",
      json(429, "rate_limit_exceeded"),
      { code: 5, failed: "auth", detail: /429 rate_limit_exceeded/, hint: /try again/ },
    ],
    [
      "500",
      json(500, "server_error"),
      { code: 8, failed: "http", detail: /→ 500 server_error: said/, hint: /status\.openai/ },
    ],
    ["404", [404, ""], { code: 8, failed: "http", detail: /→ 404/, hint: /no OpenAI API/ }],
    [
      "a web page",
      [200, "\n<!doctype html><title>Log in</title>"],
      { code: 8, failed: "http", detail: /a web page/, hint: /login/ },
    ],
    [
      "a redirect",
      [302, ""],
      { code: 8, failed: "http", detail: /redirected to nowhere/, hint: /upstream/ },
    ],
    [
      "JSON that lists nothing",
      [200, '{"hello":"world"}'],
      { code: 8, failed: "http", detail: /no list of models/, hint: /no OpenAI API/ },
    ],
  ])("%s", async ([, [status, body], expected]) => {
    await using upstream = await startUpstream((_req, res) => res.writeHead(status).end(body));

    expectFailure(await check(["--upstream", upstream.url]), expected);
  });

  test("a connection that is cut", async () => {
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", () => socket.resetAndDestroy());
    });

    expectFailure(await check(["--upstream", upstream.url]), {
      ...{ code: 7, failed: "http", detail: /broke before the answer/, hint: /firewall/ },
    });
  });

  test("a model that the key may not use", async () => {
    await using upstream = await startUpstream(answerModels);

    expectFailure(await check(["--upstream", upstream.url, "--model", "gpt-4.1-minj"]), {
      ...{ code: 5, failed: "model", detail: /gpt-4\.1-minj is not available: 404/ },
      hint: /relay curl models.*Did you mean "gpt-4\.1-mini"/,
    });
  });
});

describe("a proxy", () => {
  const upstream = "https://api.example.invalid";
  const trust = () => ["--upstream", upstream, "--ca", authority.file];

  test("is what name and port are checked of, and TLS goes through it", async () => {
    const certificate = authority.issue({ name: "DNS:api.example.invalid" });
    await using server = await startUpstream(answerModels, certificate);
    await using proxy = await startProxy(server.port);

    const report = await check(trust(), { HTTPS_PROXY: proxy.url });

    expect(report.ok).toBe(true);
    expect(find(report, "dns")?.detail).toBe("proxy 127.0.0.1 is an address");
    expect(find(report, "tcp")?.detail).toBe(`proxy 127.0.0.1 port ${proxy.port}`);
    expect(find(report, "tls")?.detail).toMatch(/, through the proxy$/);
  });

  test("may break off", async () => {
    await using proxy = await startUpstream();

    expectFailure(await check(trust(), { HTTPS_PROXY: proxy.url }), {
      ...{ code: 7, failed: "tls", detail: /the proxy 127\.0\.0\.1:\d+ broke/ },
      hint: /HTTPS_PROXY/,
    });
  });

  test("may not be there", async () => {
    expectFailure(await check(trust(), { HTTPS_PROXY: "http://127.0.0.1:1" }), {
      ...{ code: 7, failed: "tcp", detail: /^proxy 127\.0\.0\.1:1 refuses/, hint: /./ },
    });
  });
});

/** An HTTP proxy whose every tunnel ends at the same port. */
async function startProxy(port: number) {
  const server = createServer();
  server.on("connect", (_req, client) => {
    const target = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) socket.on("error", () => target.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}`,
    port: own,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

describe("--relay", () => {
  test("checks a running relay, and OpenAI through it", async () => {
    await using upstream = await startUpstream(answerModels);
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_TOKENS: "let-me-in" } },
    );

    const report = await check(["--relay", relay.url, "--model", "gpt-4.1"], {
      RELAY_TOKENS: "let-me-in",
    });

    expect(report).toMatchObject({ ok: true, upstream: relay.url });
    expect(outline(report)).toBe(
      "config passed, relay passed, http passed, auth passed, model passed",
    );
  });

  test("finds out what is wrong behind it", async () => {
    await using refused = await startRelay({ upstream: "http://127.0.0.1:1" });
    await using keyless = await startRelay({}, { env: { OPENAI_API_KEY: "" } });
    await using guarded = await startRelay({ mock: true }, { env: { RELAY_TOKENS: "a" } });
    await using other = await startUpstream();

    const reports = {
      refused: await check(["--relay", refused.url]),
      keyless: await check(["--relay", keyless.url]),
      guarded: await check(["--relay", guarded.url]),
      other: await check(["--relay", other.url]),
      nobody: await check(["--relay", "http://127.0.0.1:1"]),
    };

    expectFailure(reports.refused, {
      ...{ code: 7, failed: "http", detail: /Could not connect/, hint: /without --relay/ },
    });
    expectFailure(reports.keyless, {
      ...{ code: 4, failed: "http", detail: /no API key/, hint: /where the relay is started/ },
    });
    expectFailure(reports.guarded, {
      ...{ code: 4, failed: "relay", detail: /client tokens/, hint: /RELAY_TOKENS/ },
    });
    expectFailure(reports.other, {
      ...{ code: 8, failed: "relay", detail: /is not a relay/, hint: /Another program/ },
    });
    expectFailure(reports.nobody, {
      ...{ code: 7, failed: "relay", detail: /Could not connect/, hint: /relay start/ },
    });
  });
});

describe("the checklist", () => {
  test("has a line a step, the next thing to do, and a sum", async () => {
    const { code, stdout } = await runCommand(
      ["check", "--no-config", "--upstream", "http://127.0.0.1:1"],
      { env: { OPENAI_API_KEY: key } },
    );

    expect(code).toBe(7);
    const lines = stdout.replace(/ +\d+ ms$/gm, "").split("\n");
    expect(lines).toEqual([
      "  ✓ config   no file: flags, environment and defaults",
      "  ✓ key      OPENAI_API_KEY (environment), sk-proj-…3fA9 (project key)",
      "  – dns      127.0.0.1 is an address",
      "  ✗ tcp      127.0.0.1:1 refuses connections (ECONNREFUSED)",
      "             Next: Nothing listens there: check the port, or start the server.",
      "  – tls      skipped: needs tcp",
      "  – http     skipped: needs tcp",
      "  – auth     skipped: needs tcp",
      "  – model    skipped: needs tcp",
      "",
      expect.stringMatching(/^2 passed, 1 failed, 5 skipped – \d\.\d s$/),
      "",
    ]);
  });

  test("keeps to ASCII where the terminal cannot do more, and to colour where it should", async () => {
    const plain = await runCommand(["check", "--no-config", "--mock"], { env: { LANG: "C" } });
    const colour = await runCommand(["check", "--no-config", "--mock"], {
      env: { NO_COLOR: "", FORCE_COLOR: "1" },
    });
    const both = await runCommand(["check", "--no-config", "--mock"], {
      env: { FORCE_COLOR: "1" },
    });

    expect(plain.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    expect(plain.stdout).toContain("  + http     GET /v1/models -> 200");
    expect(colour.stdout).toContain("\x1b[32m✓\x1b[39m");
    expect(both.stdout).not.toContain("\x1b");
  });
});
