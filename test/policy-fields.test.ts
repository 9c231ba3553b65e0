import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import OpenAI, { type APIError, toStreamingFile } from "openai";
import { describe, expect, test } from "vitest";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { startUpstream } from "./support/upstream.ts";
import { bodyOf, linesOf, startWire } from "./support/wire.ts";

type Settings = Record<string, string | string[] | boolean>;

type Wish = { path?: string; headers?: Record<string, string>; method?: string };

/** What becomes of bodies: the status of each, and what arrived upstream. */
async function asked(settings: Settings, bodies: (string | Buffer)[], wish: Wish = {}) {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  const { path = "/v1/responses", method = "POST" } = wish;
  const headers = { "content-type": "application/json", ...wish.headers };
  const statuses: number[] = [];
  const messages: string[] = [];
  for (const body of bodies) {
    const answer = await fetch(relay.url + path, { method, headers, body });
    statuses.push(answer.status);
    if (answer.ok) await answer.text();
    else messages.push(await messageOf(answer));
  }
  return { statuses, messages, arrived: upstream.seen.map(({ body }) => body) };
}

const onlyMini: Settings = { "policy.models": ["gpt-5-mini*", "text-embedding-3-*"] };

describe("policy.models and policy.denyModels", () => {
  test("let pass what they name, byte for byte, and nothing else", async () => {
    const good = ['{"model":"gpt-5-mini"}', ' {"input": [], "model" : "gpt-5-mini-2026" }\n'];
    const { statuses, arrived } = await asked(onlyMini, [...good, '{"model":"gpt-5"}', "{}"]);

    expect(statuses).toEqual([200, 200, 403, 403]);
    expect(arrived.map(String)).toEqual(good);
  });

  test("say which rule, and what was asked", async () => {
    const settings = { ...onlyMini, "policy.denyModels": ["*-2024"] };
    const bodies = ['{"model":"o1-pro"}', '{"model":"gpt-5-mini-2024"}', '{"input":"x"}'];
    const { messages } = await asked(settings, bodies);

    expect(messages).toEqual([
      'policy.models lets "gpt-5-mini*", "text-embedding-3-*" pass, not the model "o1-pro".',
      'policy.denyModels "*-2024" forbids the model "gpt-5-mini-2024".',
      'policy.models lets "gpt-5-mini*", "text-embedding-3-*" pass, and this request names no model.',
    ]);
  });

  test("quote nothing that looks like a key, and nothing long", async () => {
    const bodies = [`{"model":"sk-proj-${"x".repeat(40)}"}`, `{"model":"${"long".repeat(1000)}"}`];
    const { messages } = await asked(onlyMini, bodies);

    expect(messages[0]).not.toContain("xxxx");
    expect(messages[1]!.length).toBeLessThan(300);
  });

  test("denyModels alone lets pass what names no model", async () => {
    const bodies = ['{"model":"gpt-5"}', "{}", '{"model":null}', '{"model":"o1-pro"}'];
    const { statuses } = await asked({ "policy.denyModels": ["o1*"] }, bodies);

    expect(statuses).toEqual([200, 200, 200, 403]);
  });

  test.for<[string, string | Buffer]>([
    ["an escaped name", '{"mod\\u0065l":"o1"}'],
    ["an escaped value", '{"model":"\\u006f1"}'],
    ["another case", '{"model":"O1-PRO"}'],
    ["spaces around", '{"model":" o1 "}'],
    ["a name in another case", '{"Model":"o1"}'],
    ["a second name, the last wins", '{"model":"gpt-5","model":"o1"}'],
    ["a second name, the first wins", '{"model":"o1","model":"gpt-5"}'],
    ["a second name, escaped", '{"model":"gpt-5","\\u006dodel":"gpt-4"}'],
    ["a second name in another case", '{"model":"gpt-5","MODEL":"o1"}'],
    ["a name after a text with quotes", '{"input":"\\\\\\"}","model":"o1"}'],
    ["a name after nested ones", '{"a":{"model":"gpt-5"},"b":[[{"model":"x"}]],"model":"o1"}'],
    ["a byte order mark", '\ufeff{"model":"o1"}'],
    ["UTF-16", Buffer.from('{"model":"o1"}', "utf16le")],
    ["UTF-16 with a mark", Buffer.from('\ufeff{"model":"o1"}', "utf16le")],
    ["bytes that are no UTF-8", Buffer.from('{"model":"gpt-5","x":"\xff"}', "latin1")],
    ["a list for a model", '{"model":["o1"]}'],
    ["an object for a model", '{"model":{"id":"o1"}}'],
    ["an empty model", '{"model":""}'],
    ["a number for a model", '{"model":5}'],
    ["a comment", '{/*"*/"model":"o1"}'],
    ["NaN, which Python takes for JSON", '{"x":NaN,"model":"o1"}'],
    ["text after the end", '{"model":"gpt-5"}{"model":"o1"}'],
    ["no JSON", "model=o1"],
    ["an image tool of its own", '{"model":"gpt-5","tools":[{"type":"x","model":"o1"}]}'],
    ["the model of a session", '{"session":{"type":"realtime","model":"o1"}}'],
  ])("are not slipped past by %s", async ([, body]) => {
    const { statuses, arrived } = await asked({ "policy.denyModels": ["o1*"] }, [body]);

    expect(statuses).toEqual([403]);
    expect(arrived).toEqual([]);
  });

  test("take what users say for what it is", async () => {
    const body = JSON.stringify({
      model: "gpt-5",
      input: [{ role: "user", content: '"model":"o1"' }],
      metadata: { model: "o1" },
      tools: [{ type: "function", parameters: { properties: { model: { const: "o1" } } } }],
    });
    const { arrived } = await asked({ "policy.denyModels": ["o1*"] }, [body]);

    expect(arrived.map(String)).toEqual([body]);
  });

  test("a name that comes twice with the same value is no riddle", async () => {
    const body = '{"model":"gpt-5-mini","model":"gpt-5-mini"}';
    expect((await asked(onlyMini, [body])).arrived.map(String)).toEqual([body]);
  });

  test.for([
    "application/json; charset=utf-7",
    'application/json; charset="utf-16"',
    "application/json; charset=utf-8; charset=ibm037",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=x",
  ])("a body of %s is not read as something else", async (type) => {
    const body = type.startsWith("application/json")
      ? '{"model":"gpt-5-mini"}'
      : "model=gpt-5-mini";
    const { statuses, messages } = await asked(onlyMini, [body], {
      headers: { "content-type": type },
    });

    expect(statuses).toEqual([403]);
    expect(messages[0]).toMatch(/^policy\.models needs to know what a request asks for, .*: it/);
  });

  test.for(["application/json; charset=UTF-8", "text/plain", ""])(
    "JSON is read whatever its type says: %s",
    async (type) => {
      const bodies = ['{"model":"gpt-5-mini"}', '{"model":"o1"}'];
      const { statuses } = await asked(onlyMini, bodies, { headers: { "content-type": type } });

      expect(statuses).toEqual([200, 403]);
    },
  );

  test("a second Content-Type is one too many", async () => {
    await using relay = await startRelay({ mock: true, ...onlyMini });
    const body = '{"model":"gpt-5-mini"}';
    const lines = "Content-Type: application/json\r\nContent-Type: text/plain";

    const answer = await rawExchange(
      relay.port,
      `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );

    expect(answer).toContain("it has more than one content-type");
  });

  test("DELETE and GET name models in their path alone, and pass", async () => {
    const wish = { path: "/v1/models/o1", method: "DELETE" };
    expect((await asked(onlyMini, ["{}"], wish)).statuses).toEqual([200]);
  });

  test.for([
    ["/v1/files", 200],
    ["/files", 200],
    ["/v1/uploads/upload_1/parts", 200],
    ["/v1/responses/resp_1/cancel", 200],
    ["/v1/threads/thread_1/messages", 200],
    ["/v1/threads/runs", 403],
    ["/v1/threads/thread_1/runs", 403],
    ["/v1/fil%65s", 403],
    ["/v1/responses;/cancel", 403],
    ["/v1/responses%3F/x/cancel", 403],
    ["/v1/what-comes-next", 403],
    ["/v1/batches", 403],
    ["/v1//batches", 403],
    ["/v1/batches/batch_1/cancel", 200],
  ] as const)("%s, of which no model is known, gets %i", async ([path, status]) => {
    const headers = { "content-type": "application/octet-stream" };
    expect((await asked(onlyMini, ["not read"], { path, headers })).statuses).toEqual([status]);
  });

  test("a batch is refused, because its file may name any model", async () => {
    const { messages } = await asked(onlyMini, ['{"model":"gpt-5-mini"}'], { path: "/v1/batches" });

    expect(messages[0]).toContain("a batch names its models in a file");
  });

  test.for<[string, number]>([
    ["/v1/realtime/calls?model=gpt-5-mini", 200],
    ["/v1/realtime/calls?model=o1", 403],
    ["/v1/realtime/calls", 403],
    ["/v1/realtime/calls?model=gpt-5-mini&model=gpt-5-mini", 403],
    ["/v1/realtime/calls?model=gpt-5-mini;model=o1", 403],
    ["/v1/realtime/calls?model=gpt-5-mini&model%5B%5D=o1", 403],
    ["/v1/responses?model=gpt-5-mini", 403],
  ])("a call by SDP names its model in the query: %s gets %i", async ([path, status]) => {
    const headers = { "content-type": "application/sdp" };
    expect((await asked(onlyMini, ["v=0\r\n"], { path, headers })).statuses).toEqual([status]);
  });

  test("JSON is JSON, even where it is called a call", async () => {
    const path = "/v1/realtime/calls?model=gpt-5-mini";
    const headers = { "content-type": "application/sdp" };
    const body = '{"session":{"model":"o1"}}';
    const { statuses } = await asked(onlyMini, [body], { path, headers });

    expect(statuses).toEqual([403]);
  });

  test.for<[string, number]>([
    ["/deployments/gpt-5-mini/chat/completions", 200],
    ["/deployments/o1/chat/completions", 403],
    ["/deploym%65nts/o1/chat/completions", 403],
    ["/chat/completions?deployment=o1", 403],
  ])("what path or query name counts as well: %s gets %i", async ([path, status]) => {
    expect((await asked(onlyMini, ['{"model":"gpt-5-mini"}'], { path })).statuses).toEqual([
      status,
    ]);
  });
});

describe("policy.maxOutputTokens", () => {
  test.for<[string, number]>([
    ['{"max_output_tokens":100}', 200],
    ['{"max_output_tokens":1e2}', 200],
    ['{"max_output_tokens":null}', 200],
    ["{}", 200],
    ['{"messages":[{"max_tokens":101}]}', 200],
    ['{"max_output_tokens":101}', 403],
    ['{"max_completion_tokens":101}', 403],
    ['{"max_tokens":101}', 403],
    ['{"max_tokens":1,"max_output_tokens":101}', 403],
    ['{"max_tokens":1,"max_tokens":101}', 403],
    ['{"max_tokens":101,"max_tokens":1}', 403],
    ['{"max_tokens":1e999}', 403],
    ['{"max_tokens":"101"}', 403],
    ['{"max_t\\u006fkens":101}', 403],
    ['{"session":{"max_output_tokens":"inf"}}', 403],
    ["not JSON", 403],
  ])("%s gets %i", async ([body, status]) => {
    expect((await asked({ "policy.maxOutputTokens": "100" }, [body])).statuses).toEqual([status]);
  });

  test("says what was asked", async () => {
    const settings = { "policy.maxOutputTokens": "100" };
    const { messages } = await asked(settings, ['{"max_tokens":4096}', '{"max_tokens":"all"}']);

    expect(messages[0]).toBe(
      "policy.maxOutputTokens is 100, and this request asks for 4096 output tokens.",
    );
    expect(messages[1]).toContain("asks for more than any number of");
  });
});

describe("compressed bodies", () => {
  const pack = {
    gzip: gzipSync,
    "x-gzip": gzipSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  };

  test.for(Object.entries(pack))("%s is read, and passed on as it came", async ([coding, zip]) => {
    const bodies = ['{"model":"gpt-5-mini"}', '{"model":"o1"}'].map((text) => zip(text));
    const { statuses, arrived } = await asked(onlyMini, bodies, {
      headers: { "content-encoding": coding },
    });

    expect(statuses).toEqual([200, 403]);
    expect(arrived).toEqual(bodies.slice(0, 1));
  });

  test.for<[string, Buffer, RegExp]>([
    ["gzip", Buffer.from('{"model":"gpt-5-mini"}'), /it is no gzip/],
    ["gzip", gzipSync('{"model":"gpt-5-mini"}').subarray(0, -12), /it is no gzip/],
    ["deflate", deflateSync('{"model":"gpt-5-mini"}'), /none of gzip, br and zstd/],
    ["gzip, gzip", gzipSync(gzipSync('{"model":"gpt-5-mini"}')), /none of gzip, br and zstd/],
    ["constructor", Buffer.from('{"model":"gpt-5-mini"}'), /none of gzip, br and zstd/],
    ["zstd", zstdCompressSync(Buffer.alloc(2 ** 21, 32)), /unpacks to more than 1048576 bytes/],
    ["br", brotliCompressSync(Buffer.alloc(2 ** 21, 32)), /unpacks to more than 1048576 bytes/],
  ])("%s that cannot be undone in bounds is refused", async ([coding, body, why]) => {
    const settings = { ...onlyMini, "limits.body": "1mb" };
    const headers = { "content-encoding": coding };
    const { messages, arrived } = await asked(settings, [body], { headers });

    expect(messages[0]).toMatch(why);
    expect(arrived).toEqual([]);
  });
});

describe("forms", () => {
  const boundary = "----form";
  const type = `multipart/form-data; boundary=${boundary}`;
  const part = (head: string, content: string) => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`;
  const field = (name: string, value: string) =>
    part(`Content-Disposition: form-data; name="${name}"`, value);
  const file = part(
    'content-disposition: form-data; name="file"; filename="a b.wav"\r\nContent-Type: audio/wav',
    "RIFF\0\r\n--\r\n",
  );
  const toSession = (json: string) => field("session", json);
  const form = (...parts: string[]) => `${parts.join("")}--${boundary}--\r\n`;
  const path = "/v1/audio/transcriptions";
  const ask = (settings: Settings, body: string, contentType = type) =>
    asked(settings, [Buffer.from(body, "latin1")], {
      path,
      headers: { "content-type": contentType },
    });

  test.for<[string, string, string?]>([
    ["a file first", form(file, field("model", "gpt-5-mini"))],
    ["a file last", form(field("model", "gpt-5-mini"), file)],
    ["no line after the end", form(field("model", "gpt-5-mini")).slice(0, -2)],
    [
      "a name without quotes",
      form(part("Content-Disposition: form-data; name=model", "gpt-5-mini")),
    ],
    ["a quoted boundary", form(field("model", "gpt-5-mini")), type.replace(/=(.*)/, '="$1"')],
  ])("with %s pass as they are", async ([, body, contentType]) => {
    const { arrived } = await ask(onlyMini, body, contentType);

    expect(arrived.map((bytes) => bytes.toString("latin1"))).toEqual([body]);
  });

  test.for<[string, string, string?]>([
    ["another model", form(field("model", "o1"))],
    ["no model", form(file)],
    ["two models", form(field("model", "gpt-5-mini"), field("model", "gpt-5-mini"))],
    ["a list of models", form(field("model", "gpt-5-mini"), field("model[]", "o1"))],
    ["another case", form(field("model", "gpt-5-mini"), field("Model", "o1"))],
    ["a session", form(field("session", '{"model":"o1"}'), field("model", "gpt-5-mini"))],
    ["a nested session", form(field("session[model]", "o1"), field("model", "gpt-5-mini"))],
    [
      "two names",
      form(part('Content-Disposition: form-data; name="x"; name="model"', "gpt-5-mini")),
    ],
    [
      "an extended name",
      form(part("Content-Disposition: form-data; name*=UTF-8''model", "gpt-5-mini")),
    ],
    [
      "an escaped quote",
      form(part('Content-Disposition: form-data; filename="\\"; name="model"', "gpt-5-mini")),
    ],
    ["a folded line", form(part('Content-Disposition: form-data;\r\n name="model"', "gpt-5-mini"))],
    [
      "two dispositions",
      form(
        part(
          'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="model"',
          "gpt-5-mini",
        ),
      ),
    ],
    [
      "base64",
      form(
        part(
          'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64',
          "Z3B0LTUtbWluaQ==",
        ),
      ),
    ],
    [
      "another charset",
      form(
        part(
          'Content-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=utf-7',
          "gpt-5-mini",
        ),
      ),
    ],
    ["a charset for all", form(field("model", "gpt-5-mini"), field("_charset_", "utf-7"))],
    ["a preamble", `x\r\n${form(field("model", "gpt-5-mini"))}`],
    ["an epilogue", `${form(field("model", "gpt-5-mini"))}${field("model", "o1")}`],
    ["no end", form(field("model", "gpt-5-mini")).slice(0, -5)],
    [
      "a boundary inside of a line",
      form(field("model", "gpt-5-mini"), field("x", `a\n${field("model", "o1")}`)),
    ],
    ["a longer boundary", form(field("model", "gpt-5-mini"), field("x", `a\r\n--${boundary}er`))],
    ["two boundaries", form(field("model", "gpt-5-mini")), `${type}; boundary=other`],
    ["no boundary", form(field("model", "gpt-5-mini")), "multipart/form-data"],
    ["parameters that can be cut in many ways", "", `${type}${";a=b=c".repeat(200)};"`],
    ["a head of many tabs", form(part(`x:${"\t".repeat(200_000)}\0`, ""))],
    [
      "too many parts",
      form(field("model", "gpt-5-mini"), ...Array<string>(1_000).fill(field("x", ""))),
    ],
    ["a long name", form(field("model", "gpt-5-mini"), field("[".repeat(300), ""))],
    ["two sessions", form(field("model", "gpt-5-mini"), ...["{}", "{}"].map(toSession))],
  ])("with %s are refused", async ([, body, contentType]) => {
    const { statuses, arrived } = await ask(onlyMini, body, contentType);

    expect(statuses).toEqual([403]);
    expect(arrived).toEqual([]);
  });

  test("of fetch, and those that the SDK streams, are understood", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, ...onlyMini });
    const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "relay", maxRetries: 0 });
    const fetched = async (model: string) => {
      const body = new FormData();
      body.append("model", model);
      body.append("file", new Blob(["abc"]), 'odd "name" ü.wav');
      return (await fetch(relay.url + path, { method: "POST", body })).status;
    };
    const streamed = async (model: string) => {
      const file = await toStreamingFile(Readable.from([Buffer.from("abc")]), "a.wav");
      const asked = openai.audio.transcriptions.create({ file, model });
      return asked.then(
        () => 200,
        (error: APIError) => error.status,
      );
    };

    expect([await fetched("gpt-5-mini"), await fetched("o1")]).toEqual([200, 403]);
    expect([await streamed("gpt-5-mini"), await streamed("o1")]).toEqual([200, 403]);
    expect(upstream.seen.at(-1)!.headers["transfer-encoding"]).toBe("chunked");
  });
});

describe("framing", () => {
  const json = `{"model":"gpt-5-mini","input":"${"x".repeat(100_000)}"}`;
  const head =
    "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

  test("a chunked body stays chunked, piece by piece", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, ...onlyMini });
    const [first, second] = [json.slice(0, 50_000), json.slice(50_000)];
    using client = await rawConnection(relay.port, `${head}Transfer-Encoding: chunked\r\n\r\n`);

    client.socket.write(`${first.length.toString(16)}\r\n${first}\r\n`);
    client.socket.write(`${second.length.toString(16)}\r\n${second}\r\n0\r\n\r\n`);
    const request = await wire.next();

    expect(linesOf(request).map((line) => line.toLowerCase())).toContain(
      "transfer-encoding: chunked",
    );
    expect(linesOf(request).join()).not.toMatch(/content-length/i);
    expect(bodyOf(request)).toBe(json);
  });

  test("a chunked body of no bytes goes up as it does where nobody reads it", async () => {
    await using wire = await startWire();
    const settings: Settings[] = [{}, { "policy.denyModels": ["o1"] }];
    const requests: string[] = [];
    for (const one of settings) {
      await using relay = await startRelay({ upstream: wire.url, ...one });
      using _client = await rawConnection(
        relay.port,
        `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      );
      requests.push(await wire.next());
    }

    expect(requests[1]).toBe(requests[0]);
  });

  test("a body of known length keeps it, however slowly it comes", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, ...onlyMini });
    using client = await rawConnection(relay.port, `${head}Content-Length: ${json.length}\r\n\r\n`);

    for (let at = 0; at < json.length; at += 10_000)
      await new Promise((sent) => client.socket.write(json.slice(at, at + 10_000), sent));
    const request = await wire.next();

    expect(linesOf(request).map((line) => line.toLowerCase())).toContain(
      `content-length: ${json.length}`,
    );
    expect(bodyOf(request)).toBe(json);
  });

  test("nothing goes up before the whole body is known", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<unknown>();
    await using upstream = await startUpstream();
    await using relay = await startRelay(
      { upstream: upstream.url, ...onlyMini },
      { observers: [{ asked: resolve }] },
    );
    using client = await rawConnection(relay.port, `${head}Content-Length: 22\r\n\r\n{"model":"`);
    await asked;

    client.socket.destroy();
    await relay.nextOutcome();

    expect(upstream.connections).toBe(0);
  });

  test.for(["Content-Length: 1100000", "Transfer-Encoding: chunked"])(
    "a body over limits.body is refused with %s",
    async (line) => {
      await using upstream = await startUpstream();
      await using relay = await startRelay({
        upstream: upstream.url,
        ...onlyMini,
        "limits.body": "1mb",
      });
      using client = await rawConnection(relay.port, `${head}${line}\r\n\r\n`);
      const size = line.includes("chunked") ? `${(1_100_000).toString(16)}\r\n` : "";

      client.socket.write(size + "x".repeat(1_100_000));

      expect(await client.until("}}")).toMatch(/^HTTP\/1\.1 413 [\s\S]*limits\.body/);
      expect(upstream.connections).toBe(0);
    },
  );

  test("a body over what is read where limits.body says nothing is refused, naming it", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, ...onlyMini });

    const answer = await rawExchange(
      relay.port,
      `${head}Connection: close\r\nContent-Length: 70000000\r\n\r\n`,
    );

    expect(answer).toContain("x-relay-error: policy_denied");
    expect(answer).toContain("limits.body");
    expect(upstream.connections).toBe(0);
  });

  test.for<[string, Settings, string]>([
    ["rules on paths", { "policy.deny": ["DELETE /v1/*"] }, "/v1/responses"],
    ["rules on models, where there are none", onlyMini, "/v1/files"],
  ])("with %s an upload streams, unread", async ([, settings, path]) => {
    const arrived = Promise.withResolvers<string>();
    await using upstream = await startUpstream((req, res) => {
      req.once("data", (chunk: Buffer) => arrived.resolve(chunk.toString()));
      req.on("end", () => res.end("{}"));
    });
    await using relay = await startRelay({ upstream: upstream.url, ...settings });
    using client = await rawConnection(
      relay.port,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000000\r\n\r\nfirst`,
    );

    expect(await arrived.promise).toBe("first");
    client.socket.destroy();
    await relay.nextOutcome();
  });
});

test("a rule of keys learns the model as well, and refuses none", async () => {
  await using upstream = await startUpstream();
  const rules = [{ name: "mini", env: "MINI_KEY", models: ["gpt-5-mini*"] }];
  await using relay = await startRelay(
    { upstream: upstream.url },
    { env: { RELAY_KEYS: JSON.stringify(rules), MINI_KEY: "sk-mini" } },
  );

  for (const body of ['{"model":"gpt-5-mini"}', '{"model":"o1"}', "{}"])
    await fetch(`${relay.url}/v1/responses`, { method: "POST", body });

  expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer sk-mini",
    `Bearer ${testKey}`,
    `Bearer ${testKey}`,
  ]);
});

test("any JSON passes byte for byte, and its model is the one that JSON.parse finds", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url, "policy.models": ["a*"] });
  const model = fc.oneof(
    fc.constantFrom("a", "ab", "b", 'a"', "\\a", "a\u2028"),
    fc.string({ minLength: 1 }),
  );
  const body = fc
    .tuple(fc.object({ maxDepth: 4, withNullPrototype: false }), model, fc.nat(3))
    .map(([rest, name, indent]) => {
      const plain = Object.entries(rest).filter(([key]) => !/^(?:model|tools|session)$/i.test(key));
      return JSON.stringify({ ...Object.fromEntries(plain), model: name, z: rest }, null, indent);
    });

  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${relay.url}/v1/x`, { method: "POST", headers, body: text });
      const { model: parsed } = JSON.parse(text) as { model: string };
      const mayPass = parsed.trim().toLowerCase().startsWith("a");

      expect(answer.status).toBe(mayPass ? 200 : 403);
      if (mayPass) expect(upstream.seen.at(-1)!.body.toString()).toBe(text);
      await answer.text();
    }),
    { numRuns: 100 },
  );
}, 60_000);
