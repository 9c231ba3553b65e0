import fc from "fast-check";

const host = "Host: localhost\r\n";
const body = "GET /v1/inner HTTP/1.1\r\nHost: localhost\r\n\r\n";
const size = body.length.toString(16);

/** Well-formed requests of every kind that a relay has to tell apart. */
const seeds = [
  `GET /v1/models?a=1 HTTP/1.1\r\n${host}Accept: */*\r\n\r\n`,
  `POST /v1/responses HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`,
  `POST /v1/responses HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${size};x=y\r\n${body}\r\n0\r\nX-T: 1\r\n\r\n`,
  `POST /v1/files HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd`,
  `DELETE /v1/files/f HTTP/1.1\r\n${host}Connection: close, x-a\r\nX-A: 1\r\nAuthorization: Bearer ek_x\r\n\r\n`,
  `GET /v1/realtime HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  `GET /v1/x HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n`,
  `OPTIONS /v1/x HTTP/1.1\r\n${host}Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
  `HEAD http://localhost/v1/models HTTP/1.1\r\n${host}Te: trailers\r\n\r\n`,
  "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
  "GET /v1/models HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
];

/** What attacks and accidents are made of. */
const scraps = [
  ...["\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", ",", "/", "..", "%2e", "\\", "?", "#", "\xff"],
  ...[
    "0",
    "1",
    "-1",
    "ffffffffffffffff",
    "0\r\n\r\n",
    "1\r\nZ\r\n",
    "\r\n\r\n",
    "HTTP/1.0",
    "HTTP/2.0",
  ],
  ...["Transfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n", "Content-Length: 4\r\n"],
  ...["Content-Length: 0\r\n", "Connection: close\r\n", "Connection: authorization, host\r\n"],
  ...["Host: evil.example\r\n", "Origin: null\r\n", "Authorization: Bearer evil\r\n"],
  ...[
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "Expect: 100-continue\r\n",
    "x".repeat(70_000),
  ],
  ...["TRACE", "CONNECT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01"],
];

type Change = (bytes: string) => string;

const change: fc.Arbitrary<Change> = fc
  .record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(12),
    scrap: fc.constantFrom(...scraps),
    byte: fc.integer({ min: 0, max: 255 }),
    how: fc.constantFrom("insert", "replace", "remove", "repeat", "byte", "cut"),
  })
  .map(({ at, length, scrap, byte, how }) => (bytes) => {
    const start = Math.floor(at * bytes.length);
    const [before, piece, after] = [
      bytes.slice(0, start),
      bytes.slice(start, start + length),
      bytes.slice(start + length),
    ];
    if (how === "insert") return before + scrap + piece + after;
    if (how === "replace") return before + scrap + after;
    if (how === "remove") return before + after;
    if (how === "repeat") return before + piece + piece + after;
    if (how === "byte") return before + String.fromCharCode(byte) + bytes.slice(start + 1);
    return before;
  });

/** One to three requests on a connection, changed in up to four places; some are left as they are. */
export const mutant: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 3 }),
    fc.array(change, { maxLength: 4 }),
  )
  .map(([requests, changes]) => changes.reduce((bytes, one) => one(bytes), requests.join("")));
