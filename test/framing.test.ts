import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { follow, type RawConnection, rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";
import { bodyOf, startWire, valuesOf, type Wire } from "./support/wire.ts";

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

// Whatever a client sends: what hides behind it is not carried out.
afterEach(() => {
  for (const request of wire.requests) expect(request).not.toMatch(/^GET \/v1\/hidden/);
});

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const post = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const chunked = `${post}Transfer-Encoding: chunked\r\n`;
const hidden = "GET /v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

describe("bodies", () => {
  const text = "ab\x00\xff\n";
  const sized = `Content-Length: 5\r\n\r\n${text}`;

  test.each([
    ["a length", post + sized, text],
    ["a length, behind GET", get + sized, text],
    ["a length, behind DELETE", post.replace("POST", "DELETE") + sized, text],
    ["chunks", `${chunked}\r\n1\r\na\r\n004\r\nb\x00\xff\n\r\n0\r\n\r\n`, text],
    ["chunks with extensions", `${chunked}\r\n5;a=1;b="c"\r\n${text}\r\n0;d\r\n\r\n`, text],
    ["chunks in capitals", `${chunked.toUpperCase()}\r\n5\r\n${text}\r\n0\r\n\r\n`, text],
    ["chunks, behind GET", `${chunked.replace("POST", "GET")}\r\n5\r\n${text}\r\n0\r\n\r\n`, text],
    ["no chunk but the last", `${chunked}\r\n0\r\n\r\n`, ""],
  ])("with %s arrive with the same bytes in one framing", async (_what, bytes, body) => {
    using _connection = await rawConnection(relay.port, bytes.replace("/V1/X", "/v1/x"));

    const request = await wire.next();

    const length = valuesOf(request, "content-length");
    expect(bodyOf(request)).toBe(body);
    expect(length.length + valuesOf(request, "transfer-encoding").length).toBe(1);
    if (length.length > 0) expect(length).toEqual([String(body.length)]);
  });

  test.each([
    ["POST", "Content-Length: 0\r\n", ["0"]],
    ["POST", "", []],
    ["GET", "Content-Length: 0\r\n", ["0"]],
    ["GET", "", []],
    ["HEAD", "", []],
    ["DELETE", "", []],
    ["OPTIONS", "", []],
  ])("%s with %j for framing has no body upstream", async (method, framing, length) => {
    using _connection = await rawConnection(
      relay.port,
      `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n`,
    );

    const request = await wire.next();

    expect(valuesOf(request, "content-length")).toEqual(length);
    expect(valuesOf(request, "transfer-encoding")).toEqual([]);
  });

  // Row 38: hundreds of megabytes in the field; what could go wrong does so at the first full buffer.
  test.each(["Content-Length", "chunked"])("of 8 MB arrive whole (%s)", async (framing) => {
    await using upstream = await startUpstream();
    await using other = await startRelay({ upstream: upstream.url });
    const boundary = "--x-boundary\r\nContent-Disposition: form-data; name=file\r\n\r\n";
    const body = Buffer.concat([Buffer.from(boundary), randomBytes(2 ** 23)]);

    const length = framing === "chunked" ? {} : { "content-length": body.length };
    const req = httpRequest(`${other.url}/v1/files`, {
      method: "POST",
      headers: { "content-type": 'multipart/form-data; boundary="x-boundary"', ...length },
    });
    for (let at = 0; at < body.length; at += 100_000) req.write(body.subarray(at, at + 100_000));
    req.end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    res.resume();

    expect(res.statusCode).toBe(200);
    const { headers, body: arrived } = upstream.seen[0]!;
    expect(headers["content-type"]).toBe('multipart/form-data; boundary="x-boundary"');
    expect(headers["content-length"]).toBe(length["content-length"]?.toString());
    expect(createHash("sha256").update(arrived).digest("hex")).toBe(
      createHash("sha256").update(body).digest("hex"),
    );
  });

  test.each([
    ["Content-Length: 200000\r\n\r\nabc"],
    ["Content-Length: 6\r\n\r\nabc"],
    ["Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ])("go up while they arrive (%j)", async (bytes) => {
    await using silent = await startSilent();
    using _connection = await rawConnection(silent.relay.port, post + bytes);

    const upstream = await silent.connection;

    expect(await upstream.until("abc")).toMatch(/^POST \/v1\/x /);
  });

  test("an answer may begin and end before the body has", async () => {
    await using upstream = await startUpstream((req, res) => {
      req.once("data", () => {
        res.writeHead(413, { "content-length": 2, connection: "close" });
        res.end("no");
      });
    });
    await using other = await startRelay({ upstream: upstream.url });
    using connection = await rawConnection(
      other.port,
      `${post}Content-Length: 1000000\r\n\r\n${"x".repeat(1000)}`,
    );

    const answer = await connection.until("\r\n\r\nno");
    // The rest is read away, and the connection is in step again.
    connection.socket.write("x".repeat(999_000));
    connection.socket.write("GET /_relay/health HTTP/1.1\r\nHost: localhost\r\n\r\n");

    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    await connection.until('"ok"}');
  });

  // Rows 43 and 79: nobody may take what was broken off for the whole.
  test.each([
    ["leaves in a long body", `${post}Content-Length: 100000\r\n\r\nabc`, "leave"],
    ["leaves in a short body", `${post}Content-Length: 100\r\n\r\nabc`, "leave"],
    ["leaves between chunks", `${chunked}\r\n3\r\nabc\r\n`, "leave"],
    ["ends in a long body", `${post}Content-Length: 100000\r\n\r\nabc`, "end"],
    ["ends between chunks", `${chunked}\r\n3\r\nabc\r\n`, "end"],
    ["breaks a chunk", `${chunked}\r\n3\r\nabc\r\n`, "zz\r\n"],
  ])("of a client that %s are broken off upstream at once", async (_what, bytes, then) => {
    await using silent = await startSilent();
    using connection = await rawConnection(silent.relay.port, bytes);
    const upstream = await silent.connection;
    await upstream.until("abc");

    const broken = performance.now();
    if (then === "leave") connection.socket.destroy();
    else if (then === "end") connection.socket.end();
    else connection.socket.write(then);

    const { text } = await upstream.closed();
    expect(performance.now() - broken).toBeLessThan(900);
    expect(text).not.toContain("\r\n0\r\n\r\n");
    expect((await silent.relay.nextOutcome()).ending).not.toBe("complete");
  });
});

test("a body that breaks after its answer has begun ends both without another word", async () => {
  await using upstream = await startUpstream((_req, res) => res.write("data: 1\n\n"));
  await using other = await startRelay({ upstream: upstream.url });
  using connection = await rawConnection(other.port, `${chunked}\r\n3\r\nabc\r\n`);
  await connection.until("data: 1");

  connection.socket.write("zz\r\n");

  const { text } = await connection.closed();
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(upstream.seen).toEqual([]);
});

/** A relay before an upstream that never answers, and the first connection between them. */
async function startSilent() {
  const { promise: connection, resolve } = Promise.withResolvers<RawConnection>();
  const upstream = await startRawUpstream((socket) => resolve(follow(socket)));
  const silent = await startRelay({ upstream: upstream.url });
  return {
    relay: silent,
    connection,
    async [Symbol.asyncDispose]() {
      await silent[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

// Row 34
describe("Expect", () => {
  const expecting = `${post}Expect: 100-continue\r\nContent-Length: 2\r\n`;

  test("100-continue is answered before the body comes, and stays here", async () => {
    using connection = await rawConnection(relay.port, `${expecting}\r\n`);

    await connection.until("HTTP/1.1 100 Continue\r\n\r\n");
    connection.socket.write("{}");
    await connection.until("HTTP/1.1 200 ");

    const request = await wire.next();
    expect(bodyOf(request)).toBe("{}");
    expect(valuesOf(request, "expect")).toEqual([]);
  });

  test("nobody who is turned away is asked for a body", async () => {
    const answer = await rawExchange(
      relay.port,
      `${expecting}Origin: https://evil.example\r\n\r\n`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 403 /);
  });

  test("HTTP/1.0 clients do not hear of it", async () => {
    const answer = await rawExchange(
      relay.port,
      `${expecting.replace("HTTP/1.1", "HTTP/1.0")}\r\n{}`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    await wire.next();
  });

  test("of anything else is refused", async () => {
    const answer = await rawExchange(relay.port, `${post}Expect: 200-ok\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1.1 417 /);
    expect(answer).toContain("\r\nx-relay-error: unsupported_expectation\r\n");
  });
});

describe("a connection", () => {
  // Row 37
  test("may bring its bytes one at a time, after empty lines", async () => {
    using connection = await rawConnection(relay.port);

    for (const byte of `\r\n\r\n${post}Content-Length: 2\r\n\r\n{}`) {
      connection.socket.write(byte);
      await new Promise(setImmediate);
    }

    expect(bodyOf(await wire.next())).toBe("{}");
  });

  test("may send requests ahead: they are carried out one by one and answered in order", async () => {
    let open = 0;
    const opened: number[] = [];
    await using upstream = await startUpstream((req, res) => {
      opened.push(++open);
      req.resume().on("end", () => {
        setImmediate(() => {
          open--;
          res.end(req.url);
        });
      });
    });
    await using other = await startRelay({ upstream: upstream.url });
    const kinds = [
      (n: number) => `GET /v1/${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      (n: number) => `POST /v1/${n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`,
      (n: number) =>
        `PUT /v1/${n} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ];
    const requests = Array.from({ length: 12 }, (_, n) => kinds[n % 3]!(n));
    const last = "GET /v1/last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    const answers = await rawExchange(other.port, requests.join("") + last);

    expect(answers.match(/\/v1\/(\d+|last)/g)).toEqual([
      ...requests.map((_, n) => `/v1/${n}`),
      "/v1/last",
    ]);
    expect(Math.max(...opened)).toBe(1);
  });

  test("that sends hundreds of requests ahead is cut", async () => {
    await using silent = await startSilent();
    using connection = await rawConnection(silent.relay.port, `${get}\r\n`.repeat(400));

    await connection.closed();
    await silent.relay.nextOutcome();

    expect(silent.relay.outcomes).toHaveLength(1);
    expect(silent.relay.live).toBe(0);
  });

  test("that talks nonsense behind a request still gets the answer to that first", async () => {
    const answer = await rawExchange(relay.port, `${get}\r\n\x16\x03\x01 what?\r\n\r\n`);

    expect(answer.match(/^HTTP\/1.1 \d+/gm)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
    await wire.next();
  });

  test("is not held by a client that was refused and stays", async () => {
    const socket = connect({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
    using connection = follow(socket);
    socket.write("nonsense\r\n\r\n");
    await connection.until("bad_request");

    // Only what is written to a closed connection tells that it is closed.
    const writing = setInterval(() => socket.write("x"), 50);
    const { error } = await connection.closed();
    clearInterval(writing);

    expect(error).toMatch(/ECONNRESET|EPIPE/);
  });

  test("hears why it is refused, however much it has already sent", async () => {
    const sent = "x".repeat(8_000_000);
    for (const start of ["CONNECT localhost:443 HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n"]) {
      using connection = await rawConnection(relay.port, start + sent);

      const { text, error } = await connection.closed();

      expect(text).toMatch(/^HTTP\/1.1 4[\s\S]*\}$/);
      expect(error).toBeUndefined();
    }
  });

  // Row 47
  test("is closed after Connection: close, and nothing behind is carried out", async () => {
    const answer = await rawExchange(relay.port, `${get}Connection: close\r\n\r\n${hidden}`);

    expect(answer.match(/^HTTP\/1.1 \d+/gm)).toEqual(["HTTP/1.1 200"]);
    await wire.next();
  });

  // Row 36
  test("of HTTP/1.0 is closed after an answer that is not chunked", async () => {
    await using stream = await startUpstream((_req, res) => {
      res.write("one ");
      res.end("two");
    });
    await using other = await startRelay({ upstream: stream.url });

    const answer = await rawExchange(other.port, "GET /v1/x HTTP/1.0\r\n\r\n");

    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer).toMatch(/\r\n\r\none two$/);
  });

  test("of HTTP/1.0 may be kept", async () => {
    using connection = await rawConnection(
      relay.port,
      "GET /v1/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(2),
    );

    await wire.next();
    await wire.next();
    const answers = await connection.until(/(HTTP[\s\S]*){2}\r\n\r\n$/);

    expect(answers.match(/\r\nConnection: keep-alive\r\n/gi)).toHaveLength(2);
  });
});

// Row 35
test("trailers of a request go nowhere", async () => {
  const trailers = "X-Trailer: 1\r\nAuthorization: Bearer evil\r\nHost: evil\r\nCookie: evil\r\n";
  using connection = await rawConnection(
    relay.port,
    `${chunked}Trailer: X-Trailer\r\n\r\n1\r\na\r\n0\r\n${trailers}\r\n`,
  );

  await connection.until("HTTP/1.1 200 ");
  const request = await wire.next();

  expect(bodyOf(request)).toBe("a");
  expect(request).not.toMatch(/trailer|evil/i);
});

describe("what could be smuggled", () => {
  /** Nothing may go up, and whatever follows must not be read as a request. */
  async function expectRefusal(bytes: string, status = 400): Promise<void> {
    const before = wire.requests.length;

    const answer = await rawExchange(relay.port, bytes);

    expect(answer.match(/^HTTP\/1.1 \d+/gm)).toEqual([`HTTP/1.1 ${status}`]);
    expect(answer).toMatch(/\r\nx-relay-error: \w+\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    expect(wire.requests.length).toBe(before);
  }

  // Rows 39 and 42
  test.each([
    ["Content-Length: 4\r\nTransfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 4"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 0"],
    ["Content-Length: 5\r\nContent-Length: 5"],
    ["Content-Length: 5\r\ncontent-length: 0"],
    ...[
      "5, 5",
      "5,6",
      "+5",
      "-5",
      "0x5",
      "5 5",
      "5.0",
      "5;",
      "five",
      "1e1",
      "",
      "9".repeat(30),
    ].map((length) => [`Content-Length: ${length}`]),
    ["Content-Length: 1000000000000000"],
    ["Content-Length : 5"],
    ["Content-Length: 5\r\n 0"],
  ])("%j is malformed", async (lines) => {
    await expectRefusal(`${post}${lines}\r\n\r\n0\r\n\r\n${hidden}`);
  });

  // Rows 40 and 41
  test.each([
    ["xchunked", 501],
    ["identity", 501],
    ["gzip", 501],
    ["gzip, chunked", 501],
    ["chunked;q=1", 501],
    ['"chunked"', 501],
    ["chunked, gzip", 400],
    ["chunked, chunked", 400],
    ["chunked,", 400],
    ["", 400],
    ["\x0bchunked", 400],
    ["chunked\r\nTransfer-Encoding: chunked", 400],
    ["gzip\r\nTransfer-Encoding: chunked", 501],
    ["chunked\r\nTransfer-Encoding: identity", 400],
  ])("Transfer-Encoding: %j is not served", async (coding, status) => {
    await expectRefusal(
      `${post}Transfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n${hidden}`,
      status,
    );
  });

  test.each(["Transfer-Encoding : chunked", "Transfer-Encoding:\n chunked", "Transfer\x01: x"])(
    "%j is no header",
    async (line) => {
      await expectRefusal(`${post}${line}\r\n\r\n0\r\n\r\n${hidden}`);
    },
  );

  test("HTTP/1.0 has no chunks", async () => {
    await expectRefusal(`${chunked.replace("HTTP/1.1", "HTTP/1.0")}\r\n0\r\n\r\n${hidden}`);
  });

  // Row 43
  test.each([
    ...["g", "-1", "+1", "0x1", " 1", "1 ", "", "f".repeat(17), "1\n", "1\r"].map((size) => [
      `${size}\r\na\r\n0\r\n\r\n`,
    ]),
    // CVE-2025-55315, CVE-2025-22871: where does an extension end?
    ["1;\na\r\n0\r\n\r\n"],
    ["1;a\nb\r\na\r\n0\r\n\r\n"],
    ['1;a="\n"\r\na\r\n0\r\n\r\n'],
    ["1;\x00\r\na\r\n0\r\n\r\n"],
    ["1\r\nab\r\n0\r\n\r\n"],
    ["1\na\n0\n\n"],
    ["1\r\na\n0\r\n\r\n"],
    ["1\r\na\r\n0\n\n"],
  ])("the chunks %j are malformed", async (chunks) => {
    await expectRefusal(`${chunked}\r\n${chunks}${hidden}`);
  });

  // Row 44
  test.each([
    ["X : y"],
    ["X: y\r\n z"],
    ["X: y\r\n\tz"],
    ["X: a\x00b"],
    ["X: a\rb"],
    ["X: a\nY: b"],
    ["X: a\x01b"],
    ["X: a\x7fb"],
    ["X(y): z"],
    ["X\xe9: z"],
    [": z"],
    ["y"],
  ])("the header line %j is malformed", async (line) => {
    await expectRefusal(`${get}${line}\r\n\r\n${hidden}`);
  });

  test.each([
    ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["GET /v1/x HTTP/1.1\nHost: localhost\n\n"],
    ["GET /v1/x HTTP/1.1\r\n Host: localhost\r\n\r\n"],
  ])("%j is no request", async (bytes) => {
    await expectRefusal(bytes);
  });

  // Row 46
  test.each(["GET", "DELETE", "OPTIONS", "HEAD"])(
    "a request in the body of %s is a body",
    async (method) => {
      const before = wire.requests.length;
      const size = hidden.length.toString(16);
      using connection = await rawConnection(
        relay.port,
        `${chunked.replace("POST", method)}\r\n${size}\r\n${hidden}\r\n0\r\n\r\n`,
      );

      await connection.until("HTTP/1.1 200 ");

      expect(wire.requests.length).toBe(before + 1);
      expect(bodyOf(await wire.next())).toBe(hidden);
    },
  );
});
