import { execFileSync } from "node:child_process";
import type { RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Authority, createAuthority } from "./support/authority.ts";
import {
  check,
  checkCommand,
  type Expected,
  expectFailure,
  expectWarning,
  find,
} from "./support/check.ts";
import { createFolder } from "./support/folder.ts";
import { startProxy } from "./support/proxy.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

let authority: Authority;
let zscaler: Authority;
beforeAll(() => {
  authority = createAuthority();
  zscaler = createAuthority("Zscaler Inc.");
});
afterAll(() => {
  authority[Symbol.dispose]();
  zscaler[Symbol.dispose]();
});

const answerModels: RequestListener = (_req, res) => res.end('{"data":[{"id":"gpt-4.1"}]}');

describe("the way", () => {
  test("an unknown name", async () => {
    expectFailure(await check({ upstream: "https://nothing.invalid" }), {
      ...{ code: 6, failed: "dns", detail: /^nothing\.invalid / },
      hint: /spelling|network/,
    });
  });

  test("a port where nothing listens", async () => {
    expectFailure(await check({ upstream: "http://127.0.0.1:1" }), {
      ...{ code: 7, failed: "tcp", detail: /^127\.0\.0\.1:1 refuses.*ECONNREFUSED/ },
      hint: /Nothing listens there/,
    });
  });

  test("a black hole: it accepts, and never answers", async () => {
    await using hole = await startRawUpstream(() => {});
    const secure = { upstream: `https://127.0.0.1:${hole.port}` };

    const reports = {
      connect: await check({ ...secure, "timeouts.connect": "200ms" }),
      step: await check(secure, { timeout: 300 }),
      plain: await check({ upstream: hole.url }, { timeout: 300 }),
    };

    expectFailure(reports.connect, {
      ...{ code: 7, failed: "tls", hint: /firewall.*timeouts\.connect/ },
      detail: /^127\.0\.0\.1 does not finish the handshake \(UND_ERR_CONNECT_TIMEOUT\)$/,
    });
    expectFailure(reports.step, {
      ...{ code: 7, failed: "tls", hint: /firewall.*--timeout/, detail: /answer within|finish/ },
    });
    expectFailure(reports.plain, {
      ...{ code: 7, failed: "http", hint: /--timeout/, detail: /^no answer within 0\.3 s$/ },
    });
  });

  test("a connection that is cut", async () => {
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", () => socket.resetAndDestroy());
    });

    expectFailure(await check({ upstream: upstream.url }), {
      ...{ code: 7, failed: "http", detail: /broke before the answer/, hint: /firewall/ },
    });
  });
});

describe("certificates", () => {
  type Case = [what: string, Parameters<Authority["issue"]>[0], trusted: boolean, Expected];
  test.for<Case>([
    [
      "an authority that is not trusted",
      {},
      false,
      {
        ...{ code: 7, failed: "tls", hint: /--ca or NODE_EXTRA_CA_CERTS/ },
        detail: /a certificate by Test Authority, an authority that is not trusted/,
      },
    ],
    [
      "an expired certificate",
      { days: -1 },
      true,
      {
        ...{ code: 7, failed: "tls", detail: /has expired on \d{4}-\d\d-\d\d \(CERT_HAS_EXP/ },
        hint: /clock \(it says \d{4}-.*new certificate/,
      },
    ],
    [
      "a certificate for another name",
      { name: "DNS:other.example" },
      true,
      { code: 7, failed: "tls", detail: /another name: other\.example/, hint: /host in upstream/ },
    ],
  ])("%s", async ([, wish, trusted, expected]) => {
    await using upstream = await startUpstream(answerModels, authority.issue(wish));
    const ca = trusted ? { ca: authority.file } : {};

    expectFailure(await check({ upstream: upstream.url, ...ca }), expected);
  });

  test("a certificate that signed itself", async () => {
    using folder = createFolder();
    const files = ["-keyout", folder.at("key"), "-out", folder.at("cert")];
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj"];
    const args = ["req", "-x509", ...made, "/CN=self", ...files];
    execFileSync("openssl", args, { stdio: "ignore" });
    const read = (name: string) => execFileSync("cat", [folder.at(name)]).toString();
    const tls = { key: read("key"), cert: read("cert") };
    await using upstream = await startUpstream(answerModels, tls);

    expectFailure(await check({ upstream: upstream.url }), {
      ...{ code: 7, failed: "tls", detail: /signed itself/, hint: /PEM file with --ca/ },
    });
  });

  test("one whose issuer would write to the terminal", async () => {
    using odd = createAuthority("Odd \x1b[2J\x07 Ltd.");
    await using upstream = await startUpstream(answerModels, odd.issue());

    const report = await check({ upstream: upstream.url });

    expect(find(report, "tls")?.detail).toContain("Odd \\u001b[2J\\u0007 Ltd.");
  });

  test("one that will soon expire", async () => {
    await using upstream = await startUpstream(answerModels, authority.issue({ days: 2 }));

    expectWarning(await check({ upstream: upstream.url, ca: authority.file }), {
      ...{ name: "tls", detail: /expires in 1 day$/, hint: /renew it soon/ },
    });
  });

  test("a server without TLS", async () => {
    await using upstream = await startUpstream(answerModels);

    expectFailure(await check({ upstream: `https://127.0.0.1:${upstream.port}` }), {
      ...{ code: 7, failed: "tls", detail: /does not speak TLS/, hint: /http:\/\// },
    });
  });

  test("a company's proxy that opens the connection is named, trusted or not", async () => {
    const certificate = zscaler.issue({ name: "DNS:api.openai.com" });
    await using server = await startUpstream(answerModels, certificate);
    await using proxy = await startProxy({ to: server.port });
    const flags = { upstream: "https://api.openai.com", proxy: proxy.url };

    const untrusted = await check(flags);
    const trusted = await check({ ...flags, ca: zscaler.file });

    expectFailure(untrusted, {
      ...{
        code: 7,
        failed: "tls",
        detail: /^api\.openai\.com shows a certificate by Zscaler Inc\./,
      },
      hint: /^Zscaler Inc\. opens this network's connections: get its root certificate/,
    });
    expectWarning(trusted, {
      ...{ name: "tls", detail: /certificate by Zscaler Inc\. \(trusted by the setting ca\)/ },
      hint: /can read keys and prompts/,
    });
    expect(proxy.asked).toContain("api.openai.com:443");
  });

  test("so is one that nobody has heard of: OpenAI's names have public certificates", async () => {
    const certificate = authority.issue({ name: "DNS:api.openai.com" });
    await using server = await startUpstream(answerModels, certificate);
    await using proxy = await startProxy({ to: server.port });
    const flags = { upstream: "https://api.openai.com", proxy: proxy.url, ca: authority.file };

    expectWarning(await check(flags), {
      ...{ name: "tls", detail: /through the proxy$/, hint: /^Test Authority opens this/ },
    });
  });
});

describe("a proxy", () => {
  const upstream = "https://api.example.invalid";
  const trust = () => ["--upstream", upstream, "--ca", authority.file];

  test("is what name and port are checked of, and TLS goes through it", async () => {
    const certificate = authority.issue({ name: "DNS:api.example.invalid" });
    await using server = await startUpstream(answerModels, certificate);
    await using proxy = await startProxy({ to: server.port });

    const report = await checkCommand(trust(), { HTTPS_PROXY: proxy.url });

    expect(report).toMatchObject({ ok: true, stderr: "" });
    expect(find(report, "proxy")?.detail).toBe(`${proxy.url}, by HTTPS_PROXY (HTTPS_PROXY set)`);
    expect(find(report, "dns")?.detail).toBe("proxy 127.0.0.1 is an address");
    expect(find(report, "tcp")?.detail).toBe(`proxy 127.0.0.1 port ${proxy.port}`);
    expect(find(report, "tls")?.detail).toMatch(/, through the proxy$/);
  });

  test("may be named by a variable that is no URL", async () => {
    const report = await checkCommand(trust(), { https_proxy: "http://proxy:port" });

    expectFailure(report, {
      ...{ code: 3, failed: "proxy", detail: /^https_proxy is no URL of an HTTP proxy$/ },
      hint: /Set https_proxy to a URL such as http:\/\/proxy:3128, or pass --proxy off/,
    });
    expect(find(report, "dns")?.detail).toBe("skipped: needs proxy");
  });

  test("must not stand between the relay and its clients", async () => {
    const proxies = { HTTP_PROXY: "http://user:secret@127.0.0.1:9" };
    const args = ["--mock"];

    const without = await checkCommand(args, proxies);
    const half = await checkCommand(args, { ...proxies, NO_PROXY: "localhost" });
    const right = await checkCommand(args, { ...proxies, NO_PROXY: "localhost,127.0.0.1" });

    const hint = /NO_PROXY=localhost,127\.0\.0\.1,::1/;
    const detail = /clients would ask http:\/\/127\.0\.0\.1:9 for the way to the relay/;
    expectWarning(without, { name: "proxy", detail, hint });
    expectWarning(half, { name: "proxy", detail, hint });
    expect(find(right, "proxy")?.status).toBe("passed");
    expect(JSON.stringify(without)).not.toContain("secret");
  });

  test.for<[status: string, detail: RegExp, hint: RegExp]>([
    ["407 Proxy Authentication Required", /407: it wants user and password/, /user:password@/],
    ["403 Forbidden", /answered 403/, /Ask those who run the proxy to let api\.example\.invalid/],
  ])("may answer %s", async ([status, detail, hint]) => {
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
    await using proxy = await startProxy({ to: 1, instead: (socket) => socket.end(answer) });

    expectFailure(await check({ upstream, proxy: proxy.url }), {
      ...{ code: 7, failed: "tls", detail, hint },
    });
  });

  test("may break off", async () => {
    await using proxy = await startProxy({ to: 1, instead: (socket) => socket.destroy() });

    expectFailure(await check({ upstream, proxy: proxy.url }), {
      ...{ code: 7, failed: "tls", detail: /the proxy 127\.0\.0\.1:\d+ broke/ },
      hint: /HTTPS_PROXY/,
    });
  });

  test("may have a name that nobody knows", async () => {
    expectFailure(await check({ upstream, proxy: "http://proxy.invalid:3128" }), {
      ...{ code: 6, failed: "dns", detail: /^proxy proxy\.invalid / },
      hint: /Is that proxy the right one.*--proxy off/,
    });
  });

  test("may not be there", async () => {
    expectFailure(await check({ upstream, proxy: "http://127.0.0.1:1" }), {
      ...{ code: 7, failed: "tcp", detail: /^proxy 127\.0\.0\.1:1 refuses/, hint: /Is that proxy/ },
    });
  });
});
