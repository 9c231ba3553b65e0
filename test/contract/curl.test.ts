import { execFile } from "node:child_process";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Answer } from "../../src/conformance/case.ts";
import { requestDifferences } from "../../src/conformance/differences.ts";
import { arriving } from "../../src/conformance/expected.ts";
import { Progress } from "../../src/conformance/progress.ts";
import { report } from "../../src/conformance/report.ts";
import { plain } from "../../src/conformance/upstream.ts";
import { type Message, valuesOf } from "../../src/conformance/wire.ts";
import { testKey } from "../support/relay.ts";
import { type Contract, startContract } from "./contract.ts";

// Exchanges by curl, chosen for what curl does otherwise than other clients.

type Scenario = { args: string[]; path?: string; input?: Buffer; answer?: Answer };

const big = Buffer.alloc(1_500_000, "0123456789\0\r\n");

function answer(lines: Answer["lines"], body: Buffer | string, status = 200): Answer {
  const bytes = Buffer.from(body as string);
  return {
    status,
    reason: "As It Is",
    lines: [...lines, ["Content-Length", ` ${bytes.length}`]],
    body: { framing: "length", slices: [bytes] },
  };
}

function encoded(coding: string, bytes: Buffer): Scenario {
  const lines: Answer["lines"] = [["Content-Encoding", ` ${coding}`]];
  return { args: ["--compressed"], answer: answer(lines, bytes) };
}

const events: Answer = {
  status: 200,
  reason: "OK",
  lines: [
    ["Content-Type", " text/event-stream"],
    ["Transfer-Encoding", " chunked"],
  ],
  body: {
    framing: "chunked",
    slices: [Buffer.from("data: one\n\n"), Buffer.from(": two\r\n\r\n")],
    trailers: [["X-Late", " 1"]],
  },
};

const scenarios: Record<string, Scenario> = {
  "a plain call": { args: [] },
  "odd targets": { args: ["-g", "--path-as-is"], path: "/v1//a%2Fb//c?x[]=1&y[]=%2f&z=&" },
  "lines without a value, twice, in odd case": {
    args: ["-H", "X-Empty;", "-H", "x-DUP: 1", "-H", "X-Dup: 2", "-H", "User-Agent:"],
  },
  "values beyond ASCII": { args: ["-H", "X-Name: café ☃"] },
  "a key of its own and cookies": { args: ["-H", "Authorization: Bearer sk-x", "-b", "a=b"] },
  JSON: { args: ["--json", '{"a":1,"a":2,"n":12345678901234567890}'] },
  "a form without a type": { args: ["-d", "a=b", "-H", "Content-Type:"] },
  "an upload that waits to be let in": { args: ["--data-binary", "@-"], input: big },
  "an upload in chunks": { args: ["-T", "-", "-X", "POST"], input: big },
  "an upload in chunks that does not wait": {
    args: ["-T", "-", "-X", "POST", "-H", "Expect:"],
    input: Buffer.from("small"),
  },
  "multipart with NUL bytes": {
    args: ["-F", "purpose=batch", "-F", "file=@-;filename=ü.bin;type=application/octet-stream"],
    input: Buffer.from("\0--boundary\r\n\xff--"),
  },
  "DELETE, and a method of its own": { args: ["-X", "PURGE"] },
  HEAD: { args: ["-I"], answer: { ...answer([["ETag", ' "a"']], "1234") } },
  "a range": {
    args: ["-r", "0-3"],
    answer: answer([["Content-Range", " bytes 0-3/9"]], "abcd", 206),
  },
  "a condition": {
    args: ["-H", 'If-None-Match: "a"'],
    answer: {
      ...answer([["ETag", ' "a"']], ""),
      status: 304,
      lines: [["Content-Length", " 9"]],
      body: { framing: "none", slices: [] },
    },
  },
  "a redirect": {
    args: [],
    answer: answer([["Location", " https://elsewhere.example/"]], "", 307),
  },
  "an error": { args: ["--fail-with-body"], answer: answer([["retry-after", " 1"]], "{}", 429) },
  "HTTP/1.0": {
    args: ["--http1.0"],
    answer: { ...events, body: { ...events.body, trailers: [] } },
  },
  "events with trailers": { args: ["-N"], answer: events },
  "a body cut off": { args: [], answer: { ...events, body: { ...events.body, cut: "closed" } } },
  gzip: encoded("gzip", gzipSync("plain")),
  br: encoded("br", brotliCompressSync("plain")),
  zstd: encoded("zstd", zstdCompressSync("plain")),
};

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

test.each(Object.keys(scenarios))("%s", async (name) => {
  const scenario = scenarios[name]!;
  const { upstream, port } = contract;

  const direct = await run(scenario, upstream.port);
  const relayed = await run(scenario, port);

  const differences = requestDifferences(arriving(direct.requests, testKey), relayed.requests);
  expect(report(differences)).toBe("");
  expect(relayed.requests).toHaveLength(1);
  expect(relayed.seen).toEqual(direct.seen);
});

async function run({ args, path = "/v1/files/f", input, answer = plain }: Scenario, port: number) {
  const requests = contract.upstream.begin([answer], new Progress());
  const url = `http://127.0.0.1:${port}${path}`;
  const seen = await new Promise((resolve) => {
    const options = { encoding: "buffer", timeout: 10_000, maxBuffer: 10_000_000 } as const;
    // No .curlrc, and nothing on stderr but what went wrong.
    const curl = execFile("curl", ["-q", "-sS", "-i", ...args, url], options, (error, stdout) =>
      resolve({ exit: error?.code ?? 0, ...shown(stdout) }),
    );
    curl.stdin!.end(input);
  });
  return { requests: requests.map(sameBoundary), seen };
}

/** What curl prints, without the lines of one connection. */
function shown(stdout: Buffer) {
  const text = stdout.toString("latin1");
  const end = text.lastIndexOf("\r\n\r\n", text.search(/\r\n\r\n(?!HTTP\/)/)) + 4;
  const own = /^(connection|keep-alive|transfer-encoding|trailer):/i;
  return {
    head: text
      .slice(0, end)
      .split("\r\n")
      .filter((l) => !own.test(l)),
    body: text.slice(end),
  };
}

/** curl makes up a boundary for each form. */
function sameBoundary(message: Message): Message {
  const boundary = /boundary=(-+\w+)/.exec(valuesOf(message.lines, "content-type").join())?.[1];
  if (boundary === undefined) return message;
  const plainly = (text: string) => text.replaceAll(boundary, "same");
  return {
    ...message,
    lines: message.lines.map(([name, value]) => [name, plainly(value)]),
    body: Buffer.from(plainly(message.body.toString("latin1")), "latin1"),
  };
}
