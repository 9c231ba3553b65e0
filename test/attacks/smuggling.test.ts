import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rawExchange } from "../support/raw.ts";
import { startRelay, type TestRelay } from "../support/relay.ts";
import { bodyOf, startWire, valuesOf, type Wire } from "../support/wire.ts";

// A corpus of desync attacks, each with a request hidden behind it that one server of two would carry out.
// framing.test.ts and door.test.ts hold the rules one by one; here they meet.

let wire: Wire;
let relay: TestRelay;
beforeAll(async () => {
  wire = await startWire();
  relay = await startRelay({ upstream: wire.url });
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await wire[Symbol.asyncDispose]();
});
afterEach(() => {
  for (const request of wire.requests) expect(request).not.toMatch(/^GET \/v1\/hidden/);
});

const hidden = "GET /v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
const chunks = `1\r\na\r\n0\r\n\r\n${hidden}`;
const whole = `Content-Length: ${chunks.length}`;

function post(...lines: string[]): string {
  return `POST /v1/x HTTP/1.1\r\nHost: localhost\r\n${lines.join("\r\n")}\r\n\r\n${chunks}`;
}

/** One refusal, the end of the connection, and not a byte upstream. */
async function expectRefusal(bytes: string): Promise<void> {
  const before = wire.received;

  const answer = await rawExchange(relay.port, bytes);

  expect(answer.match(/^HTTP\/1\.1 \d+/gm), JSON.stringify(bytes)).toHaveLength(1);
  expect(answer, JSON.stringify(bytes)).toMatch(/^HTTP\/1\.1 (400|431|501) /);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(wire.received).toBe(before);
}

// CL.TE and TE.CL
test.each([
  ["Transfer-Encoding: chunked"],
  ["transfer-encoding:chunked"],
  ["Transfer-Encoding:\tchunked"],
  ["Transfer-Encoding: chunked \t"],
  ["TRANSFER-ENCODING: CHUNKED"],
])("%j beside a length", async (coding) => {
  const lengths = [whole, "Content-Length: 0", "Content-Length: 6", "content-length:\t1"];
  const ways = lengths.flatMap((length) => [
    [length, coding],
    [coding, length],
    [length, coding, "Connection: Content-Length"],
    ["Connection: Transfer-Encoding, close", coding, length],
    [length, "Expect: 100-continue", coding],
    [coding, "Upgrade: websocket", "Connection: Upgrade", length],
  ]);

  for (const lines of ways) await expectRefusal(post(...lines));
});

// TE.TE
test.each([
  ...["Transfer-Encoding : chunked", " Transfer-Encoding: chunked", "Transfer-Encoding\t: chunked"],
  ...["Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity"],
  ...["Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip\r\n , chunked"],
  ...["Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\n chunked"],
  ...["Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding: ,chunked"],
  ...["X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked"],
  ...["Transfer-Encoding: \x00chunked", "Transfer-Encoding: \x0bchunked", "Transfer-Encoding:"],
  ...[
    "Transfer-Encoding: 'chunked'",
    'Transfer-Encoding: "chunked"',
    "Transfer-Encoding: chunk\xe9d",
  ],
  ...[
    "Transfer-Encoding: chunked;x=y",
    "Transfer-Encoding: ch\tunked",
    "Transfer-Encoding:\x0cchunked",
  ],
  ...[
    "\x00Transfer-Encoding: chunked",
    "Transfer\x00-Encoding: chunked",
    "Foo\r\nTransfer-Encoding: chunked",
  ],
])("%j, with a length and without", async (coding) => {
  for (const lines of [[coding], [whole, coding], [coding, whole], [coding, "Content-Length: 0"]])
    await expectRefusal(post(...lines));
});

test("a name that only looks like Transfer-Encoding frames nothing", async () => {
  for (const name of [
    "Transfer_Encoding",
    "Transfer-Encodin",
    "X-Transfer-Encoding",
    "Content_Length",
  ]) {
    await rawExchange(relay.port, post(whole, `${name}: chunked`, "Connection: close"));

    const request = await wire.next();
    expect(bodyOf(request)).toBe(chunks);
    expect(valuesOf(request, "content-length")).toEqual([String(chunks.length)]);
    expect(valuesOf(request, "transfer-encoding")).toEqual([]);
  }
});

describe("lengths", () => {
  const large = [
    "18446744073709551616",
    "18446744073709551610",
    "4294967296000000000",
    "9".repeat(400),
  ];
  test.each([...large, "-1", "-0", "+0", "0,0", "\x0b5", "5\x00", "０", "0x0A", "1_0", "5\r\n\t0"])(
    "of %j are refused",
    async (length) => {
      await expectRefusal(post(`Content-Length: ${length}`));
      await expectRefusal(post("Content-Length: 0", `Content-Length: ${length}`));
    },
  );

  test.each(["ffffffffffffffffff", "80000000000000000", "-5", "5;\n", "0x5", "5 ;x", "5_0", ";x"])(
    "of a chunk of %j are refused",
    async (size) => {
      const head = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
      await expectRefusal(`${head}${size}\r\nhello\r\n0\r\n\r\n${hidden}`);
    },
  );
});

describe("other versions and forms", () => {
  test.each([
    // HTTP/0.9, and what follows it.
    [`GET /v1/hidden\r\n\r\n${hidden}`],
    [`GET /v1/hidden HTTP/0.9\r\n\r\n${hidden}`],
    // Prior knowledge of HTTP/2, with an upgrade in front, and behind a request.
    [`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0${hidden}`],
    [`PRI * HTTP/2.0\r\nHost: localhost\r\n\r\nSM\r\n\r\n${hidden}`],
    [`GET /v1/x HTTP/1.1\r\n\r\nHost: localhost\r\n\r\n${hidden}`],
    [`GET /v1/x\tHTTP/1.1\r\nHost: localhost\r\n\r\n${hidden}`],
    [`GET /v1/x HTTP/1.1\x00\r\nHost: localhost\r\n\r\n${hidden}`],
    [`GET /v1/x HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden}`],
    [`GET /v1/x HTTP/1.1\r\nHost: localhost\n\n${hidden}`],
    [`GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r${hidden}`],
  ])("%j", async (bytes) => {
    await expectRefusal(bytes);
  });

  test("nothing is read behind a tunnel that was refused", async () => {
    const starts = [
      "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
      "CONNECT /v1/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET /v1/x HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ];
    const before = wire.received;

    for (const start of starts) {
      const answer = await rawExchange(relay.port, start + hidden);
      expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toHaveLength(1);
      expect(answer).toMatch(/^HTTP\/1\.1 4/);
    }

    expect(wire.received).toBe(before);
  });
});

describe("names of hosts", () => {
  const names = [
    ...[
      "user@localhost",
      "user:pass@localhost",
      "localhost@evil.example",
      "localhost#@evil.example",
    ],
    ...[
      "localhost.",
      "127.0.0.1.",
      "[::1%25lo]",
      "[::1%lo]",
      "[fe80::1%25eth0]",
      "::1",
      "[::1",
      "[]",
    ],
    ...[
      "local%68ost",
      "%6c%6f%63%61%6c%68%6f%73%74",
      "127.0.0.1%00.evil.example",
      "localhost\\.evil",
    ],
    ...["2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1"],
    ...["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::]", "0.0.0.0", "0"],
    ...[
      "localhost:0",
      "localhost:65536",
      "localhost:99999",
      "localhost:-1",
      "localhost:8o",
      "localhost:1",
    ],
    ...[
      "localhost:PORT:PORT",

      "localhost:PORT@evil.example",
      "ⓛocalhost",
      "loc\xadalhost",
    ],
    ...["localhost evil.example", "localhost\tevil", "localhost,localhost", "*", "..", "."],
  ];

  test.each(names)("%j is turned away in Host and in an absolute target", async (name) => {
    const host = name.replaceAll("PORT", String(relay.port));
    const before = wire.received;

    const answers = [
      await rawExchange(
        relay.port,
        `GET /v1/x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      ),
      await rawExchange(
        relay.port,
        `GET http://${host}/v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      ),
    ];

    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 (400|421) /);
      expect(answer).toMatch(/x-relay-error: (bad_request|host_not_allowed)/);
    }
    expect(wire.received).toBe(before);
  });
});

// Browsers that ask before a public page may call an address of the private network.
test.each([
  ["https://evil.example", "Access-Control-Request-Private-Network: true"],
  ["https://evil.example", "Access-Control-Request-Local-Network: true"],
  ["null", "Access-Control-Request-Private-Network: true"],
])("a preflight of %s with %s is granted nothing", async (origin, line) => {
  const before = wire.received;

  const answer = await rawExchange(
    relay.port,
    `OPTIONS /v1/x HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: POST\r\n${line}\r\nConnection: close\r\n\r\n`,
  );

  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(answer).not.toMatch(/access-control-/i);
  expect(wire.received).toBe(before);
});
