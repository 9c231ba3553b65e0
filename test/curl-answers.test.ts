import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Running, startCommand, startProgram } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { onHead, startRawUpstream } from "./support/upstream.ts";

// What the same words make of the same answer: curl itself, and relay curl.

vi.setConfig({ testTimeout: 30_000 });

const token = "a-token-of-the-relay";
let upstream: Awaited<ReturnType<typeof startRawUpstream>>;
let relay: Awaited<ReturnType<typeof startRelay>>;
/** How often each target was asked for, by program and test. */
const asked = new Map<string, number>();

beforeAll(async () => {
  upstream = await startRawUpstream((socket) => onHead(socket, (head) => answer(socket, head)));
  relay = await startRelay(
    { upstream: upstream.url, requireToken: true },
    { env: { RELAY_TOKENS: token } },
  );
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const long = Buffer.from("plain text, ".repeat(50));
const packed: Record<string, Buffer> = {
  gzip: gzipSync(long),
  deflate: deflateSync(long),
  br: brotliCompressSync(long),
  zstd: zstdCompressSync(long),
  broken: Buffer.from("not packed at all"),
  unknown: long,
};

const answers: Record<string, string> = {
  text: "200 OK\r\nX-A: b\r\nx-a: c\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
  present: "200 OK\r\nContent-Length: 3\r\n\r\nnew",
  empty: "200 OK\r\nContent-Length: 0\r\n\r\n",
  gone: "404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
  interim: "103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  moved: "302 Found\r\nLocation: text\r\nContent-Length: 5\r\n\r\nmoved",
  loop: "302 Found\r\nLocation: loop\r\nContent-Length: 4\r\n\r\nloop",
  named:
    '200 OK\r\nContent-Disposition: attachment; filename="../a b.txt"\r\nContent-Length: 2\r\n\r\nok',
  busy: "503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
  wait: "429 Slow\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nwait",
};

function answer(socket: Socket, head: string): void {
  const [, target = "", name = "", rest = ""] = /^\S+ (\/v1\/(\w+)\/?(\w*)\S*)/.exec(head) ?? [];
  const who = `${/openai-relay/.test(head) ? "relay" : "curl"} ${target}`;
  const times = (asked.get(who) ?? 0) + 1;
  asked.set(who, times);
  const say = (text: string) => socket.write(`HTTP/1.1 ${text}`, "latin1");

  if (name === "packed") {
    const body = packed[rest]!;
    const coding = rest === "broken" ? "gzip" : rest;
    say(`200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  } else if (name === "part" && !(rest === "once" && times > 1)) {
    say("200 OK\r\nContent-Length: 9\r\n\r\npart");
    socket.end();
  } else if (name === "silence") return;
  else if (name === "close") socket.end();
  else if (name === "slowly") setTimeout(() => say(answers.loop!.replace("loop", "slowly")), 200);
  // Twice in trouble, then well.
  else if ((rest === "twice" && times > 2) || rest === "once") say(answers.text!);
  else say(answers[name]!);
}

type Case = [what: string, args: string[], path: string];

const everything =
  "%{http_code} %{response_code} %{size_download} %{size_upload} %{size_header} %{content_type} " +
  "%{num_headers} %{num_redirects} %{num_connects} %{redirect_url} %{url} %{url_effective} %{method} " +
  "%{scheme} %{http_version} %{filename_effective} %{exitcode} %{errormsg} %{remote_ip} %{remote_port} " +
  "%{local_ip} %header{X-A} %header{none}|%%|%{unknown}|\\n\\t|%{header_json}|%{onerror}for errors";

const cases: Case[] = [
  ["a body", [], "text"],
  ["the head too", ["-i"], "text"],
  ["an interim head", ["-i"], "interim"],
  ["the head only", ["-I"], "text"],
  ["the head in a file", ["-D", "head"], "text"],
  ["the head among the body", ["-D", "-"], "text"],
  ["a file", ["-o", "file"], "text"],
  ["an empty file", ["-o", "file"], "empty"],
  ["the head in the file", ["-io", "file"], "text"],
  ["a file in a new folder", ["--create-dirs", "-o", "a/b/file"], "text"],
  ["a file in a folder that is missing", ["-o", "a/b/file"], "text"],
  ["a file named as in the URL", ["-O"], "text?x=/y"],
  ["a file in another folder", ["-O", "--output-dir", "out", "--create-dirs"], "text"],
  ["a file named by the answer", ["-OJ"], "named"],
  ["a file that no answer names", ["-OJ"], "text"],
  ["a file that is there already", ["-OJ"], "present"],
  ["-f and a body", ["-f"], "text"],
  ["-f and an error", ["-f"], "gone"],
  ["-f, a file and an error", ["-f", "-o", "file"], "gone"],
  ["-f, -i and an error", ["-fi"], "gone"],
  ["--fail-with-body", ["--fail-with-body", "-o", "file"], "gone"],
  ["an error that is none without -f", ["-o", "file"], "gone"],
  ["-w", ["-w", everything, "-d", "abc"], "text"],
  ["-w and a redirect", ["-w", everything], "moved"],
  ["-w after a redirect", ["-L", "-w", everything, "-o", "file"], "moved"],
  ["-w from a file", ["-w", "@format"], "text"],
  ["-w from standard input", ["-w", "@-"], "text"],
  ["-w for standard error", ["-w", "%{stderr}%{http_code}%{stdout}%{method}"], "text"],
  ["redirects", ["-Li"], "moved"],
  ["no redirects", ["-i"], "moved"],
  ["too many redirects", ["-L", "--max-redirs", "2", "-w", "%{num_redirects} %{exitcode}"], "loop"],
  ["a redirect with -I", ["-LI"], "moved"],
  ["trouble that passes", ["--retry", "2"], "busy/twice"],
  ["trouble that stays", ["--retry", "1", "-w", "%{http_code}"], "busy/always"],
  ["a file after trouble", ["--retry", "2", "-o", "file"], "busy/twice"],
  ["trouble with -f", ["--retry", "2", "-f"], "busy/twice"],
  ["as long as the answer says", ["--retry", "2"], "wait/twice"],
  ["a delay of one's own", ["--retry", "2", "--retry-delay", "1"], "busy/twice"],
  ["an end of all tries", ["--retry", "5", "--retry-max-time", "1"], "busy/long"],
  ["data twice", ["--retry", "2", "-d", "abc"], "busy/twice"],
  ["no retry after 404", ["--retry", "1"], "gone"],
  ["gzip", ["--compressed", "-i", "-w", "%{size_download}"], "packed/gzip"],
  ["deflate", ["--compressed"], "packed/deflate"],
  ["brotli", ["--compressed"], "packed/br"],
  ["zstd", ["--compressed"], "packed/zstd"],
  ["what was not asked to be unpacked", [], "packed/gzip"],
];

const failures: Case[] = [
  ["no packing", ["--compressed"], "packed/broken"],
  ["unknown packing", ["--compressed"], "packed/unknown"],
  ["a part of a body", ["-w", "%{exitcode} %{size_download}"], "part"],
  ["a part of a body, once", ["--retry", "1", "--retry-all-errors"], "part/once"],
  ["a part of a body, no retry", ["--retry", "1"], "part/never"],
  ["no answer", ["-w", "%{http_code} %{exitcode} %{onerror}for errors"], "close"],
  ["silence", ["-m", "0.3", "-w", "%{exitcode}"], "silence"],
  ["no time left after redirects", ["-L", "-m", "0.7", "--max-redirs", "999"], "slowly"],
  ["both ways to fail", ["-f", "--fail-with-body"], "gone"],
  ["silence, twice", ["-m", "0.3", "--retry", "1", "-w", "%{exitcode}"], "silence"],
];

test.concurrent.for([...cases, ...failures])("%s: as curl does", async ([, args, path]) => {
  const base = upstream.url;

  const [expected, seen] = await both(["--upstream", base], [], args, `${base}/v1/${path}`);

  expect(seen).toEqual(expected);
});

// Tries wait for seconds: one is enough here.
const passing = cases.filter(
  ([, args, path]) => !args.includes("--retry") || path === "wait/twice",
);

test.concurrent.for(passing)(
  "%s, through a relay with a token: as curl does",
  async ([, args, path]) => {
    const pass = ["-H", `x-relay-token: ${token}`];

    const [expected, seen] = await both(
      ["--relay", relay.url],
      pass,
      args,
      `${relay.url}/v1/${path}`,
    );

    expect(seen).toEqual(expected);
  },
);

let runs = 0;

/** Runs the same words with curl and with relay curl, each in a folder of its own. */
async function both(route: string[], pass: string[], args: string[], url: string) {
  const env = { OPENAI_API_KEY: testKey, RELAY_TOKENS: token };
  const words = ["-sS", ...args, `${url}${url.includes("?") ? "&" : "?"}run=${runs++}`];
  return Promise.all([
    outcomeOf((cwd) => startProgram("curl", ["-q", "-g", ...pass, ...words], { cwd })),
    outcomeOf((cwd) => startCommand(["curl", "--no-config", ...route, ...words], { cwd, env })),
  ]);
}

async function outcomeOf(start: (cwd: string) => Running) {
  using folder = createFolder({ format: everything, present: "was here" });
  await using running = start(folder.path);
  running.child.stdin!.end("%{http_code}\\n");
  const { code, stdout, stderr } = await running.ended;
  return { code, stdout, hasRemarks: stderr !== "", files: filesIn(folder) };
}

function filesIn({ path }: Folder): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(path, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(path, name), "utf8")]));
}
