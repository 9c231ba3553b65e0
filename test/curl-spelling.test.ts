import { Option } from "commander";
import { expect, test, vi } from "vitest";
import { ofCurl, toArgs, toWords } from "../src/curl/spelling.ts";
import { granted, groups } from "../src/curl/table.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { testKey } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

vi.setConfig({ testTimeout: 20_000 });

const rows = [...Object.values(groups).flat(), ...granted.map((flags) => [flags, ""] as const)];
const options = rows.map(([flags]) => new Option(flags));
for (const option of options) ofCurl.add(option);
options.push(
  new Option("--upstream <url>"),
  new Option("--proxy <url>"),
  new Option("--ca <file>"),
);

test.for([
  [
    ["-sSfd", "x"],
    ["--silent", "--show-error", "--fail", "--data", "x"],
  ],
  [["-sSfdx"], ["--silent", "--show-error", "--fail", "--data", "x"]],
  [
    ["-d", "-s"],
    ["--data", "-s"],
  ],
  [["-d=x"], ["--data", "=x"]],
  [
    ["-d", ""],
    ["--data", ""],
  ],
  [
    ["-d", "--"],
    ["--data", "--"],
  ],
  [["-OJL#"], ["--remote-name", "--remote-header-name", "--location", "--progress-bar"]],
  [["-4N6"], ["--ipv4", "--no-buffer", "--ipv6"]],
  [["--upstream=http://x"], ["--upstream", "http://x"]],
  [
    ["--upstream", "-x"],
    ["--upstream", "-x"],
  ],
  [
    ["-x", "http://p", "--cacert", "f", "--data-ascii", "a"],
    ["--proxy", "http://p", "--ca", "f", "--data", "a"],
  ],
  [["-sh"], ["--silent", "--help"]],
  [["--help"], ["--help"]],
])("%j is read as %j", ([typed, read]) => {
  expect(toArgs(toWords(typed!, options))).toEqual([...read!, "--"]);
});

test("what follows -- is no option, and - is none either", () => {
  expect(toArgs(toWords(["a", "-", "--", "-s"], options))).toEqual(["--", "a", "-", "-s"]);
});

test.for([
  [["--data=x"], /--data <value>/],
  [["--silent=yes"], /--silent/],
  [["-sd"], /-d wants a value/],
  [["--data"], /--data wants a value/],
  [["--dta", "x"], /unknown option '--dta'. Did you mean "--data"\?.*--print-curl/],
  [["-s9"], /unknown option '-9'/],
  [["-u", "me:secret"], /-u is not taken: no credential but the relay's key/],
  [["-sk"], /-k is not taken: certificates are always checked; --cacert/],
  [["-b", "a=b"], /cookies/],
  [["-e", "x"], /Referer/],
  [["-0"], /HTTP\/1\.1/],
  [["--http2-prior-knowledge"], /HTTP\/1\.1/],
  [["-Z"], /one call/],
  [["-:"], /one call/],
  [["--resolve", "a:1:b"], /--upstream/],
  [["--socks5", "x"], /only HTTP proxies/],
  [["-C", "-"], /-r <from>-/],
  [["--limit-rate", "1k"], /-m/],
  [["--trace", "x"], /-v/],
  [["--location-trusted"], /key stays/],
  [["-E", "x"], /certificate of its own/],
])("%j is refused in one line that says what to do", async ([typed, reason]) => {
  expect(() => toWords(typed as string[], options)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringMatching(reason as RegExp) }),
  );
  expect(() => toWords(typed as string[], options)).toThrow(/^relay curl: [^\n]+$/);
});

test("-K reads options from a file, in all the ways curl does", () => {
  using folder = createFolder({
    file: [
      "# a comment",
      "silent",
      "--request PUT",
      '-d "a \\"b\\"\\t\\n" and a comment',
      "header=X-A:1 more",
      "output : file",
      "",
    ].join("\r\n"),
  });

  const args = toArgs(toWords(["-fK", folder.at("file"), "-i"], options));

  expect(args.slice(0, -1)).toEqual([
    ...["--fail", "--silent", "--request", "PUT", "--data", 'a "b"\t\n'],
    ...["--header", "X-A:1", "--output", "file", "--include"],
  ]);
  expect(() => toWords(["-K", folder.at("none")], options)).toThrow(/\(26\) Cannot read/);
});

test.for([
  [["--url", "/v1/models"], 0, ""],
  [["--url", "models", "models"], 2, /one URL a call/],
  [["-J", "-O", "-i", "models"], 2, /-J/],
  [["-r", "x", "models"], 2, /0-499/],
  [["-r", "0-1", "-d", "a", "models"], 2, /no body/],
  [["--retry", "often", "models"], 2, /"often" is not a number of times/],
  [["-F", "a=@b,c", "models"], 2, /one file a field/],
  [["--ws", "-d", "x", "models"], 2, /standard input/],
  [["--ws", "-i", "models"], 2, /-v shows/],
  [["-K", "missing", "models"], 26, /Cannot read missing/],
  [["--stderr", "no/such/file", "models"], 23, /Cannot write to no\/such\/file/],
])("%j ends with %i", async ([args, code, remark]) => {
  await using upstream = await startUpstream();
  const words = ["curl", "--no-config", "--upstream", upstream.url, ...(args as string[])];

  const result = await runCommand(words, { env: { OPENAI_API_KEY: testKey } });

  expect(result.code).toBe(code);
  if (code) expect(result.stderr).toMatch(remark as RegExp);
  expect(upstream.seen.length).toBe(code ? 0 : 1);
});

test("help fits a terminal and names every option", async () => {
  const { code, stdout } = await runCommand(["curl", "--help"]);

  expect(code).toBe(0);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  for (const [flags] of Object.values(groups).flat()) expect(stdout).toContain(flags);
});
