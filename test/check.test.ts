import type { RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { toRelayUrl } from "../src/client/relay-url.ts";
import { type Authority, createAuthority } from "./support/authority.ts";
import { createCertificates } from "./support/certificates.ts";
import {
  check,
  checkCommand,
  type Expected,
  expectFailure,
  find,
  key,
  outline,
} from "./support/check.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

// CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
});
afterAll(() => authority[Symbol.dispose]());

const models = ["gpt-4.1", "gpt-4.1-mini"];

const answerModels: RequestListener = (req, res) => {
  const isKnown = req.url === "/v1/models" || req.url === "/v1/models/gpt-4.1";
  const error = { message: "The model does not exist", code: "model_not_found" };
  const list = { object: "list", data: models.map((id) => ({ id })) };
  res.writeHead(isKnown ? 200 : 404, {
    "content-type": "application/json",
    "openai-organization": "org-of-the-key",
    "openai-project": "proj_of_the_key",
  });
  res.end(JSON.stringify(isKnown ? list : { error }));
};

test("all is well over TLS: each step says what it found", async () => {
  await using upstream = await startUpstream(answerModels, authority.issue());

  const report = await check({ upstream: upstream.url, ca: authority.file }, { model: "gpt-4.1" });

  expect(report).toMatchObject({ version: 1, ok: true, upstream: upstream.url, exitCode: 0 });
  expect(outline(report)).toBe(
    "config passed, key passed, admin key skipped, proxy passed, dns skipped, tcp passed, tls passed, " +
      "http passed, clock passed, auth passed, admin skipped, model passed, stream skipped, " +
      "limits skipped, websocket warning",
  );
  const details = Object.fromEntries(report.checks.map(({ name, detail }) => [name, detail]));
  expect(details).toMatchObject({
    config: "no file: flags, environment and defaults",
    key: "OPENAI_API_KEY (environment), sk-proj-…3fA9 (project key)",
    dns: "127.0.0.1 is an address",
    tcp: `127.0.0.1 port ${upstream.port}`,
    tls: "TLS 1.3, certificate by Test Authority (trusted by the setting ca), expires in 19 days",
    http: "GET /v1/models → 200",
    clock: "agrees with the upstream's",
    auth: "the key is accepted, 2 models",
    model: "gpt-4.1 is available",
  });
  expect(find(report, "auth")?.notes).toEqual([
    "organization org-of-the-key",
    "project proj_of_the_key",
  ]);
  expect(find(report, "config")?.notes).toContain(`upstream = "${upstream.url}" (flag --upstream)`);
  expect(report.checks.every(({ ms }) => ms >= 0)).toBe(true);
  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
});

test("a name is looked up, and one model is one model", async () => {
  await using upstream = await startUpstream((_req, res) => res.end('{"data":[{"id":"one"}]}'));

  const report = await check({ upstream: `http://localhost:${upstream.port}` });

  expect(find(report, "dns")?.detail).toMatch(/^localhost → \d address(es)? \(\d IPv4, \d IPv6\)$/);
  expect(find(report, "tls")?.detail).toBe("http:// has no TLS");
  expect(find(report, "auth")?.detail).toBe("the key is accepted, 1 model");
});

test("the mock needs no key and no network", async () => {
  const report = await check({ mock: true }, { env: { OPENAI_API_KEY: "" } });

  expect(report).toMatchObject({ ok: true, upstream: "mock" });
  expect(outline(report)).toMatch(
    /^config passed, key skipped, admin key skipped, proxy passed, dns skipped, tcp skipped, tls skipped, http passed/,
  );
});

test("what needs a failed step is skipped and names it", async () => {
  const report = await check({ upstream: "https://127.0.0.1:1" });

  expect(outline(report)).toMatch(/tcp failed, tls skipped, http skipped, .*websocket skipped$/);
  expect(find(report, "auth")?.detail).toBe("skipped: needs tcp");
});

describe("settings and keys", () => {
  const nowhere = { upstream: "http://127.0.0.1:1" };
  type Case = [what: string, flags: Record<string, unknown>, NodeJS.ProcessEnv, Expected];
  test.for<Case>([
    [
      "a wrong variable",
      {},
      { RELAY_TIMEOUTS_CONNECT: "soon" },
      { code: 3, failed: "config", detail: /is "soon" \(env RELAY_TIMEOUTS_/, hint: /Correct/ },
    ],
    [
      "a wrong flag",
      { port: "http" },
      {},
      { code: 2, failed: "config", detail: /\(flag --port\)/, hint: /--help/ },
    ],
    [
      "a key file that is not there",
      { keyFile: "/nonexistent/key" },
      {},
      { code: 2, failed: "config", detail: /flag --key-file.*no such file/, hint: /--help/ },
    ],
    [
      "no key",
      nowhere,
      { OPENAI_API_KEY: "" },
      { code: 4, failed: "key", detail: /no API key/, hint: /OPENAI_API_KEY/ },
    ],
    [
      "a key in quotes",
      nowhere,
      { OPENAI_API_KEY: `"${key}"` },
      { code: 4, failed: "key", detail: /OPENAI_API_KEY .*quotes/, hint: /away/ },
    ],
    [
      "two words for a key",
      nowhere,
      { OPENAI_API_KEY: `Bearer ${key}` },
      { code: 4, failed: "key", detail: /one word/, hint: /nothing else/ },
    ],
    [
      "the word that clients send",
      nowhere,
      { OPENAI_API_KEY: "relay" },
      { code: 4, failed: "key", detail: /no API key/, hint: /is "relay".*another shell/ },
    ],
  ])("%s", async ([, flags, env, expected]) => {
    expectFailure(await check(flags, { env }), expected);
  });

  test("several problems are told one by one, and leave nothing else to try", async () => {
    const report = await check({ port: "http", upstream: "ftp://x" });

    expectFailure(report, { code: 2, failed: "config", detail: /2 problems/, hint: /--help/ });
    expect(find(report, "config")?.notes).toHaveLength(2);
    const others = report.checks.slice(1).map(({ detail }) => detail);
    expect(new Set(others)).toEqual(new Set(["skipped: needs config"]));
  });

  test("a file that was found and is not trusted says how to trust it", async () => {
    using folder = createFolder({ "relay.config.json": { upstream: "https://evil.example" } });

    const { code, stdout } = await runCommand(["check", "--json"], {
      cwd: folder.path,
      env: { OPENAI_API_KEY: key },
    });

    const report = JSON.parse(stdout);
    expect(code).toBe(3);
    expectFailure(report, {
      ...{ code: 3, failed: "config" },
      detail: /^\.\/relay\.config\.json sets upstream to .*\(at stake: [^)]*OPENAI_API_KEY\)\.?$/,
      hint: /^Look at the file\. If you trust it, run "relay config trust", or pass --config/,
    });
  });

  test("a config file is named", async () => {
    using folder = createFolder({ "relay.config.json": { mock: true, port: 0 } });

    const { stdout } = await runCommand(["check", "--json"], { cwd: folder.path });

    expect(find(JSON.parse(stdout), "config")).toMatchObject({
      detail: "./relay.config.json",
      notes: ["port = 0 (file ./relay.config.json)", "mock = true (file ./relay.config.json)"],
    });
  });

  test("a command that hangs has a limit of its own, and is ended", async () => {
    const keyCommand = JSON.stringify([process.execPath, "-e", "setInterval(() => {}, 1e6)"]);

    const report = await check(
      { upstream: "http://127.0.0.1:1" },
      {
        timeout: 500,
        env: { RELAY_KEY_COMMAND: keyCommand },
      },
    );

    expectFailure(report, {
      ...{ code: 4, failed: "key", hint: /by hand: it may wait for a password/ },
      detail: /no key came from the command .*node within 0\.5 s/,
    });
  });

  test("an admin key in the place of the key is a warning, which --strict takes for a failure", async () => {
    await using upstream = await startUpstream(answerModels);
    const env = { OPENAI_API_KEY: `sk-admin-${key}` };

    const report = await check({ upstream: upstream.url }, { env });
    const strict = await check({ upstream: upstream.url }, { env, strict: true });

    expect(find(report, "key")).toMatchObject({ status: "warning", hint: /OPENAI_ADMIN_KEY/ });
    expect(report).toMatchObject({ ok: true, exitCode: 0 });
    expect(strict).toMatchObject({ ok: false, exitCode: 1 });
  });

  test("an admin key is tried on an admin operation, and the ordinary one is not", async () => {
    const admin = "sk-admin-abcdefghijklmnopqrstuvwxyz";
    await using upstream = await startUpstream((req, res) => {
      if (!req.url?.startsWith("/v1/organization/projects")) return answerModels(req, res);
      const isAdmin = req.headers.authorization === `Bearer ${admin}`;
      res.writeHead(isAdmin ? 200 : 401).end('{"error":{"code":"invalid_api_key"}}');
    });
    const flags = { upstream: upstream.url };

    const good = await check(flags, { env: { OPENAI_ADMIN_KEY: admin } });
    const bad = await check(flags, { env: { OPENAI_ADMIN_KEY: `${admin}9` } });

    expect(find(good, "admin key")?.detail).toMatch(
      /^OPENAI_ADMIN_KEY \(environment\), sk-admin-…/,
    );
    expect(find(good, "admin")).toMatchObject({ status: "passed" });
    expectFailure(bad, {
      ...{ code: 4, failed: "admin", detail: /rejected: 401 invalid_api_key/ },
      hint: /the admin key: correct it there/,
    });
  });

  test("with auth passthrough there is no key to judge", async () => {
    await using upstream = await startUpstream((_req, res) => res.writeHead(401).end("{}"));

    const report = await check({ upstream: upstream.url, auth: "passthrough" });

    expect(outline(report)).toMatch(/key skipped, .*http passed, .*auth skipped, .*model skipped/);
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
});

describe("--relay", () => {
  test("checks a running relay, and OpenAI through it", async () => {
    const token = "let-me-in-please-0123456789";
    await using upstream = await startUpstream(answerModels);
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_TOKENS: token } },
    );

    const report = await checkCommand(["--relay", relay.url, "--model", "gpt-4.1"], {
      RELAY_TOKENS: token,
    });

    expect(report).toMatchObject({ ok: true, upstream: relay.url, stderr: "" });
    expect(outline(report)).toBe(
      "config passed, relay passed, http passed, clock passed, auth passed, admin skipped, " +
        "model passed, stream skipped, limits skipped, websocket warning",
    );
  });

  test("on a Unix socket, with a WebSocket through it", async () => {
    using folder = createFolder();
    const socket = folder.at("relay.sock");
    await using upstream = await startWebSocketUpstream();
    await using _relay = await startRelay({ upstream: upstream.url, socket });

    const report = await checkCommand(["--relay", `unix:${socket}`]);

    expect(find(report, "relay")?.detail).toBe(`unix:${socket} serves`);
    expect(report.upstream).toBe(`unix:${socket}`);
    // That upstream knows nothing but WebSockets.
    expectFailure(report, { code: 8, failed: "http", detail: /404/, hint: /Check upstream/ });
  });

  test("says how to trust a relay that serves TLS", async () => {
    using certificates = createCertificates();
    await using relay = await startRelay({ mock: true, ...certificates.settings });
    const url = relay.url.replace("http:", "https:");

    expectFailure(await check({}, { relay: new URL(url) }), {
      ...{ code: 7, failed: "relay", detail: /No trusted TLS connection/, hint: /relay tls/ },
    });
  });

  test("finds out what is wrong behind it", async () => {
    await using refused = await startRelay({ upstream: "http://127.0.0.1:1" });
    await using keyless = await startRelay({}, { env: { OPENAI_API_KEY: "" } });
    await using guarded = await startRelay({ mock: true }, { env: { RELAY_TOKENS: "a" } });
    await using other = await startUpstream();
    const through = (url: string) => check({}, { relay: new URL(url) });

    expectFailure(await through(refused.url), {
      ...{ code: 7, failed: "http", detail: /Could not connect/, hint: /without --relay/ },
    });
    expectFailure(await through(keyless.url), {
      ...{ code: 4, failed: "http", detail: /no API key/, hint: /where the relay is started/ },
    });
    expectFailure(await through(guarded.url), {
      ...{ code: 4, failed: "relay", detail: /client tokens/, hint: /RELAY_TOKENS/ },
    });
    expectFailure(await through(other.url), {
      ...{ code: 8, failed: "relay", detail: /is not a relay/, hint: /Another program/ },
    });
    const socket = { relay: toRelayUrl("unix:/nonexistent/relay.sock")! };
    expectFailure(await check({}, socket), {
      ...{ code: 7, failed: "relay", hint: /relay start/ },
      detail: /^Could not connect to unix:\/nonexistent\/relay\.sock \(ENOENT\)/,
    });
    expectFailure(await through("http://127.0.0.1:1"), {
      ...{ code: 7, failed: "relay", detail: /Could not connect/, hint: /relay start/ },
    });
  });
});
