import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCommand } from "./support/command.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { type Seen, startUpstream } from "./support/upstream.ts";

vi.setConfig({ testTimeout: 30_000 });

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "relay-curl-"));
  writeFileSync(join(folder, "lines.txt"), "one\ntwo\r\nthree");
  writeFileSync(join(folder, "all-bytes"), Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  writeFileSync(join(folder, "body.json"), '{"model":\n"m"}\n');
  writeFileSync(join(folder, "headers.txt"), "X-One: 1\r\nX-Two: 2\n");
  writeFileSync(join(folder, "photo.JPG"), "not really");
  writeFileSync(join(folder, "options"), '# what it does\nheader = "X-A: \\"1\\""\n-d one\nget\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const lines: [what: string, args: string[], input?: string][] = [
  ["a plain GET", []],
  ["a method", ["-X", "DELETE"]],
  ["a glued method among bundled flags", ["-sSfXPATCH", "-d1"]],
  ["HEAD", ["-I"]],
  ["data", ["-d", "a=b"]],
  ["empty data", ["-d", ""]],
  ["data that looks like a flag", ["-d", "-1"]],
  ["data with UTF-8", ["-d", "é=ü"]],
  ["data twice", ["-d", "a", "-d", "b=c"]],
  ["data from a file, without line ends", ["-d", "@lines.txt"]],
  ["binary data from a file", ["--data-binary", "@lines.txt"]],
  ["all bytes there are", ["--data-binary", "@all-bytes"]],
  ["data from standard input", ["-d", "@-"], "from\nstdin\n"],
  ["binary data from standard input", ["--data-binary", "@-"], "from\nstdin\n"],
  ["raw data", ["--data-raw", "@lines.txt"]],
  ["encoded text", ["--data-urlencode", "a b&c=d"]],
  ["encoded value", ["--data-urlencode", "name=a b/ü~.-_*'"]],
  ["encoded text without a name", ["--data-urlencode", "=a=b"]],
  ["encoded file", ["--data-urlencode", "@lines.txt"]],
  ["encoded file with a name", ["--data-urlencode", "n@all-bytes"]],
  [
    "all kinds of data in order",
    ["-d", "a", "--data-urlencode", "b=c d", "--data-raw", "@", "-d@lines.txt"],
  ],
  ["data in the query", ["-G", "-d", "a=b", "--data-urlencode", "c=d e"]],
  ["data in the query of a HEAD", ["-G", "-I", "-d", "a=b"]],
  ["data with a method of its own", ["-X", "DELETE", "-d", "a=b"]],
  ["JSON", ["--json", '{"a":1}']],
  ["JSON in two pieces", ["--json", '{"a":', "--json", "1}"]],
  ["JSON from a file", ["--json", "@body.json"]],
  ["JSON with an Accept of one's own", ["--json", "{}", "-H", "Accept: text/event-stream"]],
  ["JSON after a header", ["-H", "X-A: 1", "--json", "{}", "-H", "X-B: 2"]],
  ["headers", ["-H", "X-A: 1", "-H", "x-b:2", "-H", "X-A:   3  "]],
  ["headers glued and empty", ["-HX-A:1", "-H", "X-Empty;"]],
  ["headers from a file", ["-H", "@headers.txt"]],
  ["headers that are no headers", ["-H", "nothing", "-H", "X-A;b"]],
  ["a header with UTF-8", ["-H", "X-A: é"]],
  ["a header taken away", ["-H", "Accept:"]],
  ["a content type", ["-d", "{}", "-H", "content-type: application/json"]],
  ["form fields", ["-F", "purpose=batch", "-F", "a=b c", "-F", "empty="]],
  ["a form file", ["-F", "file=@lines.txt", "-F", "other=@all-bytes"]],
  ["a form file with type and name", ["-F", 'file=@lines.txt;type=a/b;filename="x \\"y\\".bin"']],
  [
    "a form file with a type that has parameters",
    ["-F", "file=@lines.txt;type=text/x;charset=utf-8"],
  ],
  ["a form file whose new name has another type", ["-F", "file=@all-bytes;filename=a.html"]],
  ["a form file whose type shows in capitals", ["-F", "file=@photo.JPG"]],
  ["a form field from a file", ["-F", "text=<lines.txt"]],
  ["a form field with a type", ["-F", 'meta={"a":1};type=application/json']],
  ["a quoted form field", ["-F", 'a="x;y\\"z"']],
  ["a form field whose name has a quote", ["-F", 'a"b=c']],
  ["a form string", ["--form-string", "a=@lines.txt;type=x"]],
  ["a form file from standard input", ["-F", "file=@-"], "from\nstdin\n"],
  ["a file in a PUT", ["-T", "lines.txt"]],
  ["a file in a POST", ["-T", "lines.txt", "-X", "POST"]],
  ["standard input in a PUT", ["-T", "-"], "from\nstdin\n"],
  ["a file in a PUT from standard input, in curl's other spelling", ["-T", "."], "from\nstdin\n"],
  ["no user agent", ["-A", ""]],
  ["a user agent", ["-A", "me/1"]],
  ["a range", ["-r", "0-9"]],
  ["the end of a file", ["-r", "-9"]],
  ["several ranges, with a header", ["--range", "0-1,5-", "-H", "X-A: 1"]],
  ["a range that is a header", ["-r", "0-9", "-H", "Range: bytes=1-"]],
  ["a wish for a compressed answer", ["--compressed"]],
  ["one's own wish for a compressed answer", ["--compressed", "-H", "Accept-Encoding: br"]],
  ["a query", ["--url-query", "a=c d", "--url-query", "e"]],
  ["a query as it is", ["--url-query", "+a=%20b"]],
  ["a query from a file, beside data", ["--url-query", "@lines.txt", "-d", "x"]],
  ["data under an old name", ["--data-ascii", "@lines.txt"]],
  ["options from a file", ["-K", "options", "-d", "two"]],
  ["options from a file, glued and bundled", ["-sKoptions"]],
  ["what happens anyway", ["-Ngq", "--http1.1", "--path-as-is", "--tcp-nodelay", "--no-keepalive"]],
];

test.concurrent.for(lines)("%s: as curl sends it", async ([, args, input = ""]) => {
  await using upstream = await startUpstream();

  await realCurl(["-g", ...args, upstream.url + path], input);
  await relayCurl(["--upstream", upstream.url, ...args, path], input);

  const [expected, seen] = upstream.seen.map(comparable);
  expect(seen).toEqual(expected);
});

test("a file that is sent to a folder keeps its name: as curl sends it", async () => {
  await using upstream = await startUpstream();

  await realCurl(["-T", "lines.txt", `${upstream.url}/v1/files/`], "");
  await relayCurl(["--upstream", upstream.url, "-T", "lines.txt", "/v1/files/"], "");

  expect(upstream.seen.map(({ method, url }) => [method, url])).toEqual([
    ["PUT", "/v1/files/lines.txt"],
    ["PUT", "/v1/files/lines.txt"],
  ]);
});

test.concurrent.for([
  [301, ["-d", "a=b"]],
  [302, ["-F", "a=b"]],
  [303, ["-T", "lines.txt"]],
  [307, ["-d", "a=b", "-H", "X-A: 1"]],
  [308, ["-F", "a=@lines.txt"]],
  [302, ["-T", "lines.txt"]],
  [303, ["-I"]],
  [302, ["-X", "DELETE", "-d", "a=b"]],
  [302, ["-G", "-d", "a=b"]],
] as const)("after a %i, with %j: as curl goes on", async ([status, args]) => {
  await using upstream = await startUpstream((req, res) => {
    req.resume();
    const isFirst = req.url?.startsWith("/v1/some/thing");
    req.on("end", () => res.writeHead(isFirst ? status : 200, { location: "next?x=%20#y" }).end());
  });

  await realCurl(["-g", "-L", ...args, upstream.url + path], "");
  await relayCurl(["--upstream", upstream.url, "-L", ...args, path], "");

  const seen = upstream.seen.map(comparable);
  expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  expect(seen[1]?.url).toBe("/v1/some/next?x=%20");
});

test.concurrent.for([
  ["data", ["--data-binary", "@all-bytes", "-H", "X-A: 1", "-H", "x-a:2"]],
  ["a form", ["-F", "file=@all-bytes", "-F", "purpose=batch"]],
  ["a file", ["-T", "all-bytes", "-X", "POST"]],
  ["standard input", ["-T", "-"]],
  ["a range", ["-r", "0-9", "--compressed", "-A", "me/1", "--url-query", "a=b c"]],
  ["a HEAD", ["-I", "-H", "X-Empty;", "-H", "Accept:"]],
] as const)("%s through a running relay: as curl sends it", async ([, args]) => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url, defaultContentType: "off" });

  await realCurl(["-g", ...args, relay.url + path], "some input");
  await relayCurl(["--relay", relay.url, ...args, path], "some input");

  const [expected, seen] = upstream.seen.map(comparable);
  expect(seen).toEqual(expected);
});

const path = "/v1/some/thing?q=%20a&b[]=1";

async function relayCurl(args: string[], input: string): Promise<void> {
  const env = { OPENAI_API_KEY: testKey, RELAY_DEFAULT_CONTENT_TYPE: "off" };
  const { code, stderr } = await runCommand(["curl", "--no-config", ...args], {
    ...{ cwd: folder, env, input },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** Everything but what the relay is there to change, and what no two requests have in common. */
function comparable({ method, url, rawHeaders, headers, body }: Seen) {
  const changed = /^(host|connection|authorization|expect|content-length|transfer-encoding)$/i;
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const line = `${rawHeaders[i]}: ${rawHeaders[i + 1]}`;
    if (!changed.test(rawHeaders[i]!)) lines.push(line.replace(/(curl|openai-relay)\/.*/, "…"));
  }
  const boundary = /boundary=(-+\w+)/.exec(lines.join())?.[1];
  const clean = (text: string) => (boundary ? text.replaceAll(boundary, "BOUNDARY") : text);
  return {
    method,
    // The versions of curl differ in how they write what -G and --url-query encode (RFC 3986 section 6.2.2.1).
    url: url.replace(/%[\da-f]{2}/gi, (code) => code.toUpperCase()),
    ...{ headers: lines.map(clean), body: clean(body.toString("latin1")) },
    // The HTTP library writes these two in its own spelling and place.
    framing: [headers["content-length"], headers["transfer-encoding"]],
  };
}

async function realCurl(args: string[], input: string): Promise<void> {
  const { HTTP_PROXY, http_proxy, ...env } = process.env;
  const running = promisify(execFile)("curl", ["-q", "-sS", ...args], { cwd: folder, env });
  running.child.stdin!.end(input);
  await running;
}
