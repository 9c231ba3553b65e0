import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

type Settings = Record<string, string | string[] | boolean>;

/** The status that each request line gets, and what arrived upstream. */
async function statuses(settings: Settings, lines: string[], more = "", base = "") {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url + base, ...settings });
  const found: Record<string, number> = {};
  for (const line of lines) {
    const head = `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}`;
    const answer = await rawExchange(relay.port, `${head}Content-Length: 0\r\n\r\n`);
    found[line] = Number(answer.split(" ")[1]);
  }
  return { found, arrived: upstream.seen.map(({ method, url }) => `${method} ${url}`) };
}

describe("policy.deny", () => {
  test("forbids methods and paths, and names the rule", async () => {
    await using upstream = await startUpstream();
    const deny = ["DELETE /v1/files*", "/v1/organization*"];
    await using relay = await startRelay({ upstream: upstream.url, "policy.deny": deny });

    const answer = await fetch(`${relay.url}/v1/files/file-1?x=1`, { method: "DELETE" });
    const passed = await fetch(`${relay.url}/v1/files/file-1`);
    const admin = await fetch(`${relay.url}/v1/organization/users`);

    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-relay-error")).toBe("policy_denied");
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await messageOf(answer)).toBe(
      'policy.deny "DELETE /v1/files*" forbids DELETE "/v1/files/file-1".',
    );
    expect(passed.status).toBe(200);
    expect(admin.status).toBe(403);
    expect(upstream.connections).toBe(1);
  });

  test.for([
    "/v1/files",
    "/files",
    "/v1/files/",
    "/v1/files/file-1/content?x=%2e",
    "/v1/fil%65s",
    "/v1/%66%69%6C%65%73",
    "/%761/files",
    "//v1/files",
    "/v1//files",
    "/v1/files//",
    "/V1/FILES",
    "/v1/Files/x",
    "/v1%2Ffiles",
    "/v1%5cfiles",
    "/v1/v1/files",
    "/v1/files;a=b",
    "/v1;a=b/files",
    "/v1/fil%2565s",
    "/v1/fil%25%36%35s",
    "/v1/files%00",
    "/v1/files%3fx",
    "/v1/files%23x",
    "/v1/%ff",
    "http://localhost/v1/files",
  ])("is not slipped past by %s", async (path) => {
    const { found, arrived } = await statuses({ "policy.deny": ["/v1/files*"] }, [`GET ${path}`]);

    expect(Object.values(found)).toEqual([403]);
    expect(arrived).toEqual([]);
  });

  test.for(["/v1/../files", "/v1/x/%2e%2e/files", "/v1/x/..%2ffiles"])(
    "is not slipped past by %s, which the door refuses",
    async (path) => {
      const { found, arrived } = await statuses({ "policy.deny": ["/v1/files*"] }, [`GET ${path}`]);

      expect(Object.values(found)).toEqual([400]);
      expect(arrived).toEqual([]);
    },
  );

  test("lets paths pass as they are that it does not name", async () => {
    const lines = ["GET /v1/models/ft%3Agpt%2F5", "GET /v1/threads//x", "GET /v1/100%25"];
    const { arrived } = await statuses({ "policy.deny": ["/v1/files*"] }, lines);

    expect(arrived).toEqual(lines);
  });

  test("of GET forbids HEAD as well, and every method when it names none", async () => {
    const lines = ["HEAD /v1/a", "GET /v1/a", "POST /v1/a", "PROPFIND /v1/b", "OPTIONS /v1/b"];
    const { found } = await statuses({ "policy.deny": ["get /a", "/b"] }, lines);

    expect(Object.values(found)).toEqual([403, 403, 200, 403, 403]);
  });

  test("wins over policy.allow", async () => {
    const settings = { "policy.allow": ["/v1/files*"], "policy.deny": ["POST /v1/files"] };
    const { found } = await statuses(settings, ["GET /v1/files", "POST /v1/files", "GET /v1/x"]);

    expect(Object.values(found)).toEqual([200, 403, 403]);
  });

  test("is about what goes upstream, whatever a rewrite made of it", async () => {
    await using upstream = await startUpstream();
    const rules = [{ path: "/v1/innocent", to: { path: "/v1/files" } }];
    await using relay = await startRelay(
      { upstream: upstream.url, "policy.deny": ["/v1/files*"] },
      { env: { RELAY_REWRITE: JSON.stringify(rules) } },
    );

    expect((await fetch(`${relay.url}/v1/innocent`)).status).toBe(403);
    expect(upstream.connections).toBe(0);
  });

  test("takes /v1 for what it is below an upstream with a path of its own", async () => {
    const lines = ["GET /v1/files", "GET /files"];
    const { found } = await statuses({ "policy.deny": ["/v1/files"] }, lines, "", "/team");

    expect(found).toEqual({ "GET /v1/files": 403, "GET /files": 200 });
  });

  test("leaves the relay's own paths alone", async () => {
    const { found } = await statuses({ "policy.deny": ["/*"] }, ["GET /_relay/health", "GET /v1"]);

    expect(Object.values(found)).toEqual([200, 403]);
  });
});

describe("policy.allow", () => {
  test("lets only what it names pass, with and without /v1", async () => {
    const allow = ["POST /v1/responses", "/v1/models*"];
    const lines = ["POST /v1/responses", "POST /responses", "GET /models/gpt-5", "HEAD /v1/models"];
    const others = ["GET /v1/responses", "POST /v1/responses/x/cancel", "GET /v1/files", "GET /"];

    const { found, arrived } = await statuses({ "policy.allow": allow }, [...lines, ...others]);

    expect(Object.values(found)).toEqual([200, 200, 200, 200, 403, 403, 403, 403]);
    expect(arrived).toEqual([
      "POST /v1/responses",
      "POST /v1/responses",
      "GET /v1/models/gpt-5",
      "HEAD /v1/models",
    ]);
  });

  test("says what is not named", async () => {
    await using relay = await startRelay({ mock: true, "policy.allow": ["/v1/models*"] });

    const message = await messageOf(await fetch(`${relay.url}/v1/files`, { method: "POST" }));

    expect(message).toBe('policy.allow does not name POST "/v1/files".');
  });
});

describe("policy.readOnly", () => {
  test("lets GET, HEAD and OPTIONS pass", async () => {
    const lines = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "QUERY", "MKCOL"];
    const requests = lines.map((method) => `${method} /v1/x`);
    const { found } = await statuses({ "policy.readOnly": true }, requests);

    expect(Object.values(found)).toEqual([200, 200, 200, 403, 403, 403, 403, 403, 403]);
  });

  test.for(["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X-Rewrite-URL"])(
    "does not let a GET pass that %s may make another one",
    async (name) => {
      const { found } = await statuses(
        { "policy.readOnly": true },
        ["GET /v1/x"],
        `${name}: x\r\n`,
      );

      expect(found).toEqual({ "GET /v1/x": 403 });
    },
  );
});

describe("WebSockets", () => {
  /** The status of a refused handshake; 101 when it was not. */
  async function handshake(settings: Settings, path: string): Promise<number> {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url, ...settings });
    const socket = new WebSocket(`${relay.url.replace("http", "ws")}${path}`);
    socket.on("error", () => {});
    const status = await new Promise<number>((resolve) => {
      socket.once("upgrade", ({ statusCode }) => resolve(statusCode!));
      socket.once("unexpected-response", (_, { statusCode }) => resolve(statusCode!));
    });
    expect(upstream.handshakes.length).toBe(status === 101 ? 1 : 0);
    socket.terminate();
    return status;
  }

  test.for<[Settings, string, number]>([
    [{ "policy.readOnly": true }, "/v1/realtime?model=gpt-realtime", 403],
    [{ "policy.deny": ["POST /v1/responses"] }, "/v1/responses", 403],
    [{ "policy.deny": ["GET /v1/realtime"] }, "/realtime?model=x", 403],
    [{ "policy.deny": ["DELETE /v1/*"] }, "/v1/responses", 101],
    [{ "policy.allow": ["GET /v1/*"] }, "/v1/responses", 403],
    [{ "policy.allow": ["POST /v1/responses"] }, "/v1/responses", 101],
    [{ "policy.allow": ["/v1/responses"] }, "/v1/responses", 101],
    [{ "policy.models": ["gpt-realtime*"] }, "/v1/realtime?model=gpt-realtime-mini", 101],
    [{ "policy.models": ["gpt-realtime*"] }, "/v1/realtime?mod%65l=gpt%2Drealtime", 101],
    [{ "policy.models": ["gpt-realtime*"] }, "/v1/realtime?model=o1", 403],
    [{ "policy.models": ["gpt-*"] }, "/v1/realtime?model=gpt-5&mod%65l=gpt-5", 403],
    [{ "policy.models": ["gpt-*"] }, "/v1/realtime?intent=transcription", 426],
    [{ "policy.models": ["gpt-*"] }, "/v1/realtime?call_id=rtc_1", 426],
    [{ "policy.models": ["gpt-*"] }, "/v1/responses", 426],
    [{ "policy.models": ["gpt-*"] }, "/v1/responses?model=gpt-5", 426],
    [{ "policy.models": ["gpt-*"] }, "/v1/live/sessions?model=gpt-5", 426],
    [{ "policy.denyModels": ["o1*"] }, "/v1/realtime?model=O1-pro", 403],
    [{ "policy.denyModels": ["o1*"] }, "/v1/realtime?model=gpt-realtime", 101],
    [{ "policy.denyModels": ["o1*"] }, "/v1/realtime", 426],
    [{ "policy.maxOutputTokens": "10" }, "/v1/responses", 426],
    [{ "policy.maxOutputTokens": "10" }, "/v1/realtime?call_id=rtc_1", 101],
  ])("with %j, %s gets %i", async ([settings, path, status]) => {
    expect(await handshake(settings, path)).toBe(status);
  });

  test("the refusal names the setting, so that nobody looks for another cause", async () => {
    await using relay = await startRelay({ mock: true, "policy.models": ["gpt-*"] });
    const lines = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13";

    const answer = await rawExchange(
      relay.port,
      `GET /v1/responses HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n`,
    );

    expect(answer).toContain("x-relay-error: websocket_disabled");
    expect(answer).toContain("because policy.models is set");
  });
});

describe("allowPaths", () => {
  test.for<[string, string, number]>([
    ["/v1/files", "/v1/files", 200],
    ["/v1/files", "/files/file-1?x", 200],
    ["/v1/files", "/v1/filesystem", 404],
    ["/v1/fil", "/v1/files", 404],
    ["/v1/files/", "/v1/files/file-1", 200],
    ["/v1/", "/v1/x", 200],
    ["/", "/x", 200],
  ])("%s means whole segments: %s gets %i", async ([prefix, path, status]) => {
    const { found } = await statuses({ allowPaths: [prefix] }, [`GET ${path}`]);

    expect(Object.values(found)).toEqual([status]);
  });
});
