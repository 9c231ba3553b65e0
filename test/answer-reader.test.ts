import { request } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedAnswer, parseHead } from "../src/upstream/answer-head.ts";
import { AnswerReader } from "../src/upstream/answer-reader.ts";
import { fuzz, limits } from "./support/fuzz.ts";

// How answers are read off a connection: the same wherever reads cut them, and never more leniently than
// Node's own parser does it.

type Read = {
  heads: string[];
  body: string;
  trailers: string[] | undefined;
  /** `excess`: bytes came behind it. */
  outcome: "complete" | "excess" | "unfinished" | "by the end" | "malformed";
};

/** What a reader makes of these reads. */
function read(pieces: Buffer[], method = "GET", limit = 65_536): Read {
  const seen: Read = { heads: [], body: "", trailers: undefined, outcome: "unfinished" };
  const note = (head: { status: number; reason: string; headers: string[] }) => {
    seen.heads.push(`${head.status} ${head.reason} ${JSON.stringify(head.headers)}`);
  };
  const sink = {
    interim: note,
    head: note,
    data(slice: Buffer) {
      seen.body += slice.toString("latin1");
    },
    end(trailers: string[] | undefined, isLast: boolean) {
      seen.trailers = trailers;
      seen.outcome = isLast ? "complete" : "excess";
    },
    switched: note,
  };
  const reader = new AnswerReader(sink, limit);
  reader.expect(method, undefined);
  try {
    for (const piece of pieces) reader.read(Buffer.from(piece));
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedAnswer);
    seen.outcome = "malformed";
  }
  if (reader.endsWithConnection) seen.outcome = "by the end";
  return seen;
}

const answers = {
  "a length": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: \xe9 \r\n\r\nhello",
  "no bytes": "HTTP/1.1 404 Not Found\r\nX-Empty:\r\nContent-Length:0\r\n\r\n",
  chunks:
    "HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n,\r\n00A\r\n0123456789\r\n0\r\n\r\n",
  trailers:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n",
  "white space behind a length": "HTTP/1.1 200 OK\r\nContent-Length: 2 \t\r\n\r\nhi",
  "white space behind a coding":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked  \r\n\r\n2\r\nhi\r\n0\r\n\r\n",
  "interim answers":
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  "the end of the connection": "HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nuntil the end",
  "no body at all": "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
  "too much": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n",
};

/** An answer with some bytes changed, removed or inserted. */
const mangled = fc
  .tuple(
    fc.constantFrom(...Object.values(answers)),
    fc.array(
      fc.record({
        at: fc.nat(200),
        out: fc.nat(1),
        piece: fc.constantFrom("", ..."\r\n: \t;,01f\0\xff-", "\r\n"),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([answer, changes]) =>
    changes.reduce((text, { at, out, piece }) => {
      const place = at % text.length;
      return text.slice(0, place) + piece + text.slice(place + out);
    }, answer),
  )
  .map((text) => Buffer.from(text, "latin1"));

describe("an answer is the same wherever reads cut it", () => {
  test.each(Object.entries(answers))("%s", (_, text) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = read([bytes]);
    expect(whole.outcome).toMatch(/complete|by the end|excess/);

    for (let at = 1; at < bytes.length; at++) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      // What comes behind an answer, in another read, is nobody's: the connection sees to that.
      if (whole.outcome !== "excess") expect(read(halves)).toEqual(whole);
    }
    if (whole.outcome !== "excess")
      expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });
});

describe("nobody guesses what was meant", () => {
  const head = (lines: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`;
  const chunked = (body: string) => head("Transfer-Encoding: chunked") + body;
  test.each([
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "220 mail.example ESMTP\r\n",
    "HTTP/1.1 200 OK\n\n",
    "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    head("A: b\rC: d"),
    head("A: b\0"),
    head(" A: b"),
    head("A : b"),
    head("A"),
    head(": b"),
    head("A: b\r\n folded"),
    head("A\xe9: b"),
    head("Content-Length: 2\r\nContent-Length: 2"),
    head("Content-Length: 2, 2"),
    head("Content-Length: +2"),
    head("Content-Length: 0x2"),
    head("Content-Length:"),
    head("Content-Length: 2\xa0"),
    head("Transfer-Encoding: chunked\t"),
    head("Transfer-Encoding: chunked\xa0"),
    head("Content-Length: 1234567890123456"),
    head("Transfer-Encoding: chunked\r\nContent-Length: 2"),
    head("Transfer-Encoding: gzip, chunked"),
    head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    head("Transfer-Encoding:"),
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    chunked("\r\n"),
    chunked("g\r\n"),
    chunked("-1\r\n"),
    chunked("0x1\r\n"),
    chunked("1\n"),
    chunked("1 \r\n"),
    chunked("1\r\r\n"),
    chunked("1;a\nb\r\n"),
    chunked("12345678901234\r\n"),
    chunked("1\r\nab\r\n"),
    chunked("1\r\na\n"),
    chunked("0\r\nA b\r\n\r\n"),
    chunked("0\r\nA: b\n\r\n\r\n"),
  ])("%j", (text) => {
    const bytes = Buffer.from(text, "latin1");
    expect(read([bytes]).outcome).toBe("malformed");
    expect(read([...bytes].map((byte) => Buffer.from([byte]))).outcome).toBe("malformed");
  });

  test.each([
    ["a head", "HTTP/1.1 200 OK\r\nA: "],
    ["a chunk's extension", chunked("1;")],
    ["trailers", chunked("0\r\nA: ")],
  ])("%s without an end is given up", (_, text) => {
    const endless = [Buffer.from(text), ...Array.from({ length: 40 }, () => Buffer.alloc(50, "x"))];

    expect(read(endless, "GET", 1_000).outcome).toBe("malformed");
  });
});

test("interim answers without end are given up", () => {
  const interim = Buffer.from("HTTP/1.1 102 Processing\r\nA: 1\r\n\r\n");

  expect(read(Array(20).fill(interim), "GET", 1_000).outcome).toBe("unfinished");
  expect(read(Array(40).fill(interim), "GET", 1_000).outcome).toBe("malformed");
  expect(read([Buffer.concat(Array(40).fill(interim))], "GET", 1_000).outcome).toBe("malformed");
});

test.each([
  ["HTTP/1.1 200 OK", "", true],
  ["HTTP/1.1 200 OK", "Connection: keep-alive, Close\r\n", false],
  ["HTTP/1.0 200 OK", "", false],
  ["HTTP/1.0 200 OK", "Connection: Keep-Alive\r\n", true],
  ["HTTP/1.0 200 OK", "Connection: close\r\nConnection: keep-alive\r\n", false],
  ["HTTP/1.1 200 OK", "Keep-Alive: timeout=1\r\n", false],
])("%s with %j keeps the connection: %j", (line, lines, keeps) => {
  const { idleMs } = parseHead(`${line}\r\n${lines}Content-Length: 0`);

  expect(idleMs > 0).toBe(keeps);
});

test("HEAD has a head only, whatever it announces", () => {
  const text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

  expect(read([Buffer.from(text)], "HEAD")).toMatchObject({ body: "", outcome: "complete" });
});

test("what came in front of a malformed chunk is passed on", () => {
  const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nnone\r\n";

  expect(read([Buffer.from(text)])).toMatchObject({ body: "hi", outcome: "malformed" });
});

test("no mangled answer is read that Node refuses, and none otherwise", limits, async () => {
  await fuzz(mangled, async (bytes) => {
    const ours = read([bytes]);
    if (ours.outcome !== "complete") return;
    const theirs = await readByNode(bytes);
    // They say nothing about the body, and are dropped.
    if (/in chunk extensions/.test(String(theirs))) return;
    expect({ body: ours.body }).toEqual(theirs);
  });
});

/** What node:http makes of an answer. */
function readByNode(bytes: Buffer): Promise<{ body: string } | string> {
  const { promise, resolve } = Promise.withResolvers<{ body: string } | string>();
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const asked = request({ createConnection: () => wire, host: "x", path: "/" });
  asked.on("error", (error) => resolve(`refused: ${error.message}`));
  asked.on("response", (answer) => {
    let body = "";
    answer.setEncoding("latin1").on("data", (piece) => {
      body += piece;
    });
    answer.on("end", () => resolve({ body }));
    answer.on("error", (error) => resolve(`broken: ${error.message}`));
  });
  asked.end();
  wire.push(bytes);
  wire.push(null);
  return promise;
}
