import { describe, expect, test } from "vitest";
import { type Authority, createAuthority } from "./support/authority.ts";
import { check, type Expected, expectFailure, expectWarning, find, key } from "./support/check.ts";
import { startProxy } from "./support/proxy.ts";
import { startUpstream } from "./support/upstream.ts";

const error = (status: number, code: string, message = "said") => {
  return [status, JSON.stringify({ error: { code, message } })] as const;
};

describe("an answer that says what is wrong", () => {
  type Case = [what: string, answer: readonly [number, string], expected: Expected];
  test.for<Case>([
    [
      "401",
      error(401, "invalid_api_key", `Incorrect API key provided: ${key}.`),
      {
        ...{ code: 4, failed: "auth", hint: /that of OPENAI_API_KEY \(environment\): correct it/ },
        detail: /^the key is rejected: 401 invalid_api_key: Incorrect API key provided: \[key\]/,
      },
    ],
    [
      "401 for the organization",
      error(401, "mismatched_organization", "OpenAI-Organization should match the key"),
      {
        ...{ code: 4, failed: "auth", detail: /^the key is not one of this organization: 401/ },
        hint: /organization is "org-other" \(env OPENAI_ORG_ID\)\. Correct it/,
      },
    ],
    [
      "401 for the project",
      error(401, "mismatched_project", "OpenAI-Project should match the key"),
      {
        ...{ code: 4, failed: "auth", detail: /^the key is not one of this project: 401/ },
        hint: /project is "proj-other" \(flag --project\)/,
      },
    ],
    [
      "403 for the country",
      error(403, "unsupported_country_region_territory"),
      { code: 5, failed: "auth", detail: /403 unsupported_country/, hint: /country.*VPN/ },
    ],
    [
      "403 for the project",
      error(403, "project_archived", "This project is archived"),
      { code: 5, failed: "auth", detail: /403 project_archived/, hint: /project is "proj-other"/ },
    ],
    [
      "403 for the address",
      error(403, "ip_not_authorized", "Your IP is not authorized"),
      { code: 5, failed: "auth", detail: /403 ip_not/, hint: /Let this network's address in/ },
    ],
    [
      "403 for a permission",
      error(403, "insufficient_permissions", "Missing scopes: api.model.read"),
      { code: 5, failed: "auth", detail: /Missing scopes/, hint: /Give the key that permission/ },
    ],
    [
      "429 for the quota",
      error(429, "insufficient_quota"),
      { code: 5, failed: "auth", detail: /429 insufficient_quota/, hint: /plan and the bill/ },
    ],
    [
      "429 for the rate",
      error(429, "rate_limit_exceeded"),
      { code: 5, failed: "auth", detail: /429 rate_limit/, hint: /try again after 20 s/ },
    ],
    [
      "500",
      error(500, "server_error"),
      { code: 8, failed: "http", detail: /→ 500 server_error: said/, hint: /log of what runs at/ },
    ],
    ["404", [404, ""], { code: 8, failed: "http", detail: /→ 404, which/, hint: /no OpenAI API/ }],
    [
      "204",
      [204, ""],
      {
        ...{ code: 8, failed: "http", hint: /no OpenAI API/ },
        detail: /^GET \/v1\/models → 204, which is no list of models$/,
      },
    ],
    [
      "a web page, as captive portals send",
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
    await using upstream = await startUpstream((_req, res) =>
      res.writeHead(status, { "retry-after": "20" }).end(body),
    );

    const flags = { upstream: upstream.url, project: "proj-other" };
    const report = await check(flags, { env: { OPENAI_ORG_ID: "org-other" } });

    expectFailure(report, expected);
  });

  test("a failure of OpenAI's own leads to its status page", async () => {
    using authority: Authority = createAuthority();
    const certificate = authority.issue({ name: "DNS:api.openai.com" });
    await using server = await startUpstream((_req, res) => res.writeHead(503).end(), certificate);
    await using proxy = await startProxy({ to: server.port });
    const flags = { upstream: "https://api.openai.com", proxy: proxy.url, ca: authority.file };

    expectFailure(await check(flags), {
      ...{ code: 8, failed: "http", detail: /→ 503$/, hint: /status\.openai\.com/ },
    });
  });

  test("a model that the key may not use", async () => {
    await using upstream = await startUpstream((req, res) => {
      if (req.url === "/v1/models") res.end('{"data":[{"id":"gpt-4.1-mini"}]}');
      else res.writeHead(404).end(error(404, "model_not_found")[1]);
    });

    const report = await check({ upstream: upstream.url }, { model: "gpt-4.1-minj" });

    expectFailure(report, {
      ...{ code: 5, failed: "model", detail: /gpt-4\.1-minj is not available: 404 model_not/ },
      hint: /relay curl models.*Did you mean "gpt-4\.1-mini"/,
    });
  });
});

describe("what headers tell", () => {
  const answering = (headers: Record<string, string>) =>
    startUpstream((_req, res) => res.writeHead(200, headers).end('{"data":[]}'));

  test.for<[hours: number, detail: RegExp]>([
    [-1, /^this machine's clock is 60 minutes ahead of the upstream's$/],
    [1, /^this machine's clock is 60 minutes behind the upstream's$/],
    [72, /^this machine's clock is 3 days behind/],
  ])("a clock that is %d hours off", async ([hours, detail]) => {
    const date = new Date(Date.now() + hours * 3_600_000).toUTCString();
    await using upstream = await answering({ date });

    const report = await check({ upstream: upstream.url });

    expectWarning(report, { name: "clock", detail, hint: /NTP/ });
  });

  test("rate limits, and which of them is nearly used up", async () => {
    const limits = {
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": "498",
      "x-ratelimit-reset-requests": "120ms",
      "x-ratelimit-limit-tokens": "30000",
      "x-ratelimit-remaining-tokens": "1200",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    await using wide = await answering({ ...limits, "x-ratelimit-remaining-tokens": "30000" });
    await using narrow = await answering(limits);

    const good = await check({ upstream: wide.url });
    const bad = await check({ upstream: narrow.url });

    expect(find(good, "limits")).toMatchObject({
      status: "passed",
      detail: "requests 498 of 500 left, tokens 30,000 of 30,000 left",
    });
    expectWarning(bad, {
      ...{ name: "limits", detail: /tokens 1,200 of 30,000/ },
      hint: /^Slow down: tokens are back in 6m0s\.$/,
    });
  });
});
