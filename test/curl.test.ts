import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { createAuthority } from "./support/authority.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Each test starts the program once or more, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const env = { OPENAI_API_KEY: testKey };

function relayCurl(args: string[], folder?: Folder, input = "") {
  const place = folder ? { cwd: folder.path } : {};
  return runCommand(["curl", "--no-config", ...args], { ...place, env, input });
}

function read(folder: Folder, name: string): string {
  return readFileSync(folder.at(name), "utf8");
}

function answerHello(_req: IncomingMessage, res: ServerResponse): void {
  res.sendDate = false;
  res.writeHead(200, "Fine", ["X-A", "b", "Content-Type", "text/plain", "Content-Length", "5"]);
  res.end("hello");
}

function answerMissing(_req: IncomingMessage, res: ServerResponse): void {
  res.sendDate = false;
  res.writeHead(404, ["Content-Length", "4"]).end("gone");
}

test("the answer goes to stdout, and the key only to the upstream", async () => {
  await using upstream = await startUpstream(answerHello);

  const result = await relayCurl(["--upstream", upstream.url, "-v", "models"]);

  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${testKey}`);
  expect(result).toMatchObject({ code: 0, stdout: "hello" });
  expect(result.stderr).not.toContain(testKey);
});

test.for(["/v1/models?a=%20b", "v1/models?a=%20b", "models?a=%20b", "/models?a=%20b"])(
  "%s means the same path",
  async (path) => {
    await using upstream = await startUpstream();

    const { code } = await relayCurl(["--upstream", upstream.url, path]);

    expect([code, upstream.seen[0]?.url]).toEqual([0, "/v1/models?a=%20b"]);
  },
);

test("a URL of the upstream is taken, with and without its scheme", async () => {
  await using upstream = await startUpstream();
  const base = `${upstream.url}/proxy/v1`;

  await relayCurl(["--upstream", base, `${base}/models#part`]);
  await relayCurl(["--upstream", base, `127.0.0.1:${upstream.port}/proxy/v1/models`]);

  expect(upstream.seen.map(({ url }) => url)).toEqual(["/proxy/v1/models", "/proxy/v1/models"]);
});

test("a URL of anybody else is refused, and nobody is asked", async () => {
  await using upstream = await startUpstream();
  await using other = await startUpstream();

  const { code, stderr } = await relayCurl(["--upstream", upstream.url, `${other.url}/v1/models`]);

  expect(code).toBe(2);
  expect(stderr).toContain(`the relay's key is for ${upstream.url}/v1`);
  expect([upstream.connections, other.connections]).toEqual([0, 0]);
});

test("-v shows both heads without any credential", async () => {
  await using upstream = await startUpstream(answerHello);
  const { port } = upstream;

  const { stderr } = await relayCurl([
    ...["--upstream", upstream.url, "-v", "-A", "me/1", "--beta", "assistants=v2"],
    ...["-H", "api-key: mine-and-secret", "-H", "Authorization: Bearer ek_secret", "models"],
  ]);

  expect(stderr.replaceAll("\r", "").split("\n")).toEqual([
    "> GET /v1/models HTTP/1.1",
    `> Host: 127.0.0.1:${port}`,
    "> User-Agent: me/1",
    "> Accept: */*",
    "> api-key: [not shown]",
    "> Authorization: [not shown]",
    "> OpenAI-Beta: assistants=v2",
    "> ",
    "< HTTP/1.1 200 Fine",
    "< X-A: b",
    "< Content-Type: text/plain",
    "< Content-Length: 5",
    "< ",
    "",
  ]);
});

test("-i, -D, -o and -w put head, body and figures where curl puts them", async () => {
  using folder = createFolder();
  await using upstream = await startUpstream(answerHello);
  const head =
    "HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
  const format =
    "%{http_code} %{size_download} %{size_upload} %{content_type} %{num_headers} " +
    "%header{x-a} %{method} %{url_effective} %{exitcode} %{what}%%\\t\\n";
  const args = ["--upstream", upstream.url, "-w", format, "-d", "abc", "/v1/some/thing"];

  const included = await relayCurl(["-i", ...args]);
  const saved = await relayCurl(["-D", "head", "-o", "body", ...args], folder);

  const figures = `200 5 3 text/plain 3 b POST ${upstream.url}/v1/some/thing 0 %\t\n`;
  expect(included.stdout).toBe(`${head}hello${figures}`);
  expect(saved.stdout).toBe(figures);
  expect([read(folder, "head"), read(folder, "body")]).toEqual([head, "hello"]);
});

test("-w tells times in seconds, and errors", async () => {
  await using upstream = await startRawUpstream((socket) => socket.end());
  const format = "%{time_starttransfer} %{time_total} %{exitcode} %{http_code}";

  const { code, stdout } = await relayCurl(["--upstream", upstream.url, "-s", "-w", format, "x"]);

  expect(stdout).toMatch(/^0\.0{6} \d\.\d{6} 52 000$/);
  expect(code).toBe(52);
});

test("-O names the file after the URL, and not after nothing", async () => {
  using folder = createFolder();
  await using upstream = await startUpstream(answerHello);
  const args = ["--upstream", upstream.url, "-O"];

  const named = await relayCurl([...args, "/v1/files/file-1/content?x=/y"], folder);
  const nameless = await relayCurl([...args, "/v1/files/"], folder);

  expect([named.code, named.stdout, read(folder, "content")]).toEqual([0, "", "hello"]);
  expect(nameless.code).toBe(23);
});

test("-I prints the head of an answer to HEAD", async () => {
  await using upstream = await startUpstream(answerHello);

  const { code, stdout } = await relayCurl(["--upstream", upstream.url, "-I", "models"]);

  expect(upstream.seen[0]?.method).toBe("HEAD");
  expect([code, stdout.split("\r\n")[0]]).toEqual([0, "HTTP/1.1 200 Fine"]);
  expect(stdout).not.toContain("hello");
});

test.for([
  [["-f"], "", "relay curl: (22) The requested URL returned error: 404\n"],
  [["-f", "-s"], "", ""],
  [["-sSf"], "", "relay curl: (22) The requested URL returned error: 404\n"],
  [["-fi"], "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n", /22/],
  [["--fail-with-body", "-s"], "gone", ""],
] as const)("%j ends with 22 on a 404", async ([args, stdout, stderr]) => {
  await using upstream = await startUpstream(answerMissing);

  const result = await relayCurl(["--upstream", upstream.url, ...args, "models"]);

  expect([result.code, result.stdout]).toEqual([22, stdout]);
  expect(result.stderr).toEqual(
    typeof stderr === "string" ? stderr : expect.stringMatching(stderr),
  );
});

test("without -f a 404 is an answer like any other", async () => {
  await using upstream = await startUpstream(answerMissing);

  const result = await relayCurl(["--upstream", upstream.url, "models"]);

  expect(result).toMatchObject({ code: 0, stdout: "gone", stderr: "" });
});

test("a slice is printed while the upstream is still talking", async () => {
  const silence = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    await silence.promise;
    res.end("data: [DONE]\n\n");
  });

  await using running = startCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "-N", "responses", "-d", "{}"],
    { env },
  );
  await running.until("stdout", /data: one\n\n/);
  silence.resolve();

  expect(await running.ended).toMatchObject({ code: 0, stdout: "data: one\n\ndata: [DONE]\n\n" });
});

test("a body from standard input leaves while it is still being written", async () => {
  const first = Promise.withResolvers<string>();
  await using upstream = await startUpstream((req, res) => {
    req.once("data", (chunk) => first.resolve(String(chunk)));
    req.on("end", () => res.end("got it"));
  });

  await using running = startCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "-T", "-", "files"],
    { env },
  );
  running.child.stdin!.write("early");

  expect(await first.promise).toBe("early");
  running.child.stdin!.end(" and late");
  expect(await running.ended).toMatchObject({ code: 0, stdout: "got it" });
  expect(upstream.seen[0]?.body.toString()).toBe("early and late");
});

test("an answer ends the call although standard input stays open", async () => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(413).end("too large"));

  await using running = startCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "-T", "-", "files"],
    { env },
  );
  running.child.stdin!.write("x");

  expect(await running.ended).toMatchObject({ code: 0, stdout: "too large" });
});

test("a reader that leaves ends the call without a word", async () => {
  const gone = Promise.withResolvers<void>();
  await using upstream = await startUpstream((_req, res) => {
    res.on("close", gone.resolve);
    const talk = () => {
      while (res.write("x".repeat(65_536)));
    };
    res.on("drain", talk);
    talk();
  });

  await using running = startCommand(
    ["curl", "--no-config", "--upstream", upstream.url, "models"],
    { env },
  );
  await running.until("stdout", /x/);
  running.child.stdout!.destroy();

  await gone.promise;
  expect(await running.ended).toMatchObject({ code: 23, stderr: "" });
});

test("a refusal of the relay is the answer that a client would get", async () => {
  const { code, stdout } = await runCommand(["curl", "--no-config", "-i", "models"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
  expect(stdout).toMatch(/\r\nx-relay-error: key_missing\r\n/);
  expect(JSON.parse(stdout.split("\r\n\r\n")[1]!)).toMatchObject({
    error: { code: "key_missing" },
  });
});

test("the mock answers without key and network", async () => {
  const { code, stdout } = await runCommand(["curl", "--no-config", "--mock", "models"]);

  expect([code, JSON.parse(stdout).object]).toEqual([0, "list"]);
});

test("--relay asks a running relay: with its token, never with the key", async () => {
  const token = "one-of-its-tokens";
  const heard: string[] = [];
  const listen = (headers: string[]) => heard.push(...headers);
  await using upstream = await startUpstream(answerHello);
  await using relay = await startRelay(
    { upstream: upstream.url },
    {
      env: { RELAY_TOKENS: token },
      observers: [{ asked: ({ headers }) => void listen(headers) }],
    },
  );

  const asked = await runCommand(
    ["curl", "--no-config", "--relay", relay.url, "-i", "--json", "{}", "responses"],
    { env: { OPENAI_API_KEY: "sk-the-client-s-own", RELAY_TOKENS: token } },
  );
  const health = await relayCurl(["--relay", relay.url, "/_relay/health"]);

  expect(asked.stdout).toMatch(/^HTTP\/1.1 200 Fine\r\nX-A: b\r\n.*hello$/s);
  expect(upstream.seen[0]).toMatchObject({ method: "POST", url: "/v1/responses" });
  expect(upstream.seen[0]?.rawHeaders.join()).not.toContain(token);
  expect(heard.join()).not.toMatch(/sk-/);
  expect(health.stdout).toContain("invalid_relay_token");
});

test("--relay reads heads as long as limits.headers lets the relay send", async () => {
  const long = "x".repeat(40_000);
  await using upstream = await startUpstream((_req, res) => {
    res.writeHead(200, { "X-Long": long }).end();
  });
  await using relay = await startRelay({ upstream: upstream.url });

  const { code, stdout } = await relayCurl(["--relay", relay.url, "-i", "models"]);

  expect(code).toBe(0);
  expect(stdout).toContain(`\r\nX-Long: ${long}\r\n`);
});

const failures: [code: number, what: string, behave: (socket: Socket) => void, args?: string[]][] =
  [
    [8, "an answer that is not HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n")],
    [
      18,
      "a body that ends early",
      (s) => s.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"),
    ],
    [
      18,
      "chunks without an end",
      (s) => s.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"),
    ],
    [28, "silence before the answer", () => {}, ["-m", "0.2"]],
    [
      28,
      "silence within the answer",
      (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"),
      ["-m", "0.5"],
    ],
    [52, "no answer at all", (socket) => socket.end()],
    [56, "a reset connection", (socket) => socket.resetAndDestroy()],
  ];

test.for(failures)("%i: %s", async ([code, , behave, args = []]) => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once("data", () => behave(socket));
  });

  const result = await relayCurl(["--upstream", upstream.url, "-sS", ...args, "-d", "{}", "x"]);

  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(new RegExp(`^relay curl: \\(${code}\\) .+\\n$`));
});

test("35: an upstream without TLS, 60: one with a certificate that nobody trusts", async () => {
  using authority = createAuthority();
  await using plain = await startUpstream(answerHello);
  await using secure = await startUpstream(answerHello, authority.issue());
  const withoutTls = ["--upstream", `https://127.0.0.1:${plain.port}`];

  expect((await relayCurl([...withoutTls, "models"])).code).toBe(35);
  expect((await relayCurl(["--upstream", secure.url, "models"])).code).toBe(60);
  const trusting = ["--upstream", secure.url, "--ca", authority.file];
  expect((await relayCurl([...trusting, "models"])).stdout).toBe("hello");
});

test("28: no connection in time", async () => {
  await using upstream = await startRawUpstream(() => {});
  const slow = ["--upstream", `https://127.0.0.1:${upstream.port}`, "--connect-timeout", "0.2"];

  const { code, stderr } = await relayCurl([...slow, "models"]);

  expect(code).toBe(28);
  expect(stderr).toContain("timeouts.connect");
});

test.for([
  [2, ["--no-such-option", "models"], /unknown option '--no-such-option'/],
  [2, [], /no URL/],
  [2, ["-m", "soon", "models"], /"soon" is not a number of seconds/],
  [2, ["-d", "a", "-F", "b=c", "models"], /exclude each other/],
  [2, ["-d", "a", "-T", "file", "models"], /exclude each other/],
  [2, ["-I", "-d", "a", "models"], /-I sends no body/],
  [2, ["-F", "nothing", "models"], /name=value/],
  [2, ["-F", "a=b;c", "models"], /only ;type= and ;filename=/],
  [2, ["-H", "a b: c", "models"], /"a b" is not the name of a header/],
  [2, ["-A", "a\r\nb: c", "models"], /one line/],
  [2, ["-X", "TRACE", "models"], /does not forward/],
  [2, ["--relay", "localhost", "models"], /give a URL/],
  [2, ["https://me:secret@api.openai.com/v1/models"], /no user belongs in the URL/],
  [3, ["https://api.openai.com:x/v1/models"], /Not a URL/],
  [3, ["/v1/a b"], /write %20/],
  [3, ["/v1/files/%2e%2e/x"], /may be part of the path/],
  [6, ["--upstream", "https://nothing.invalid", "models"], /not found/],
  [7, ["--upstream", "http://127.0.0.1:1", "models"], /Could not connect/],
  [7, ["--relay", "http://127.0.0.1:1", "models"], /Could not connect/],
  [23, ["--mock", "-o", "no/such/folder", "models"], /Cannot write to no\/such\/folder/],
  [26, ["-d", "@missing", "models"], /Cannot read missing \(ENOENT\)/],
  [26, ["-F", "a=@missing", "models"], /Cannot read missing/],
  [26, ["-T", "missing", "models"], /Cannot read missing/],
] as const)("%i for %j", async ([code, args, stderr]) => {
  const result = await relayCurl([...args]);

  expect([result.code, result.stdout]).toEqual([code, ""]);
  expect(result.stderr).toMatch(stderr);
});
