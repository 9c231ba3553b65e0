import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../src/config/error.ts";
import { canaries, filesBelow, leaksIn } from "./support/canaries.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startUpstream } from "./support/upstream.ts";

/** Reads the request to its end, then answers. */
const answering =
  (answer: (res: ServerResponse) => void): Parameters<typeof startUpstream>[0] =>
  (req, res) => {
    req.resume();
    req.on("end", () => answer(res));
  };

const stream = ["content-type", "text/event-stream"];

describe("while a tape is recorded", () => {
  test("OpenAI is asked as always, but for compression, and the client has its cookies", async () => {
    await using upstream = await startUpstream(
      answering((res) =>
        res.writeHead(200, ["Set-Cookie", "a=1", "OpenAI-Organization", "acme"]).end("{}"),
      ),
    );
    using tape = createTapeFolder();

    const answer = await tape.record(upstream.url, (relay) =>
      fetch(`${relay.url}/v1/models?limit=2`, {
        headers: { "x-test": "1", "accept-encoding": "gzip" },
      }),
    );

    expect(answer.headers.getSetCookie()).toEqual(["a=1"]);
    const [seen] = upstream.seen;
    expect(seen!.headers).toMatchObject({
      authorization: `Bearer ${testKey}`,
      "accept-encoding": "identity",
      "x-test": "1",
    });
    const [asked, head] = tape.lines();
    expect(tape.names()).toEqual([expect.stringMatching(/^get-models-[0-9a-f]{16}\.jsonl$/)]);
    expect(asked).toMatchObject({ tape: 1, method: "GET", path: "/v1/models", query: "limit=2" });
    expect(JSON.stringify(asked)).not.toMatch(/x-test|authorization/i);
    expect(JSON.stringify(head)).not.toMatch(/cookie|acme/i);
  });

  test("the same request has the same name, and the next number", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const ask = (body: string) => (relay: { url: string }) =>
      fetch(`${relay.url}/responses`, { method: "POST", body }).then((answer) => answer.text());

    for (const body of ["a", "a", "b", "a"]) await tape.record(upstream.url, ask(body));

    const stems = tape.names().map((name) => name.replace(/(-\d)?\.jsonl$/, ""));
    expect(new Set(stems).size).toBe(2);
    const numbers = tape.names().map((name) => /(?<=[0-9a-f]{16})-\d/.exec(name)?.[0]);
    expect(numbers.sort()).toEqual(["-2", "-3", undefined, undefined]);
  });

  test("bodies are kept as people read them, large ones by their digest", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const json = JSON.stringify({ model: "m", input: "☃" });
    const large = "x".repeat(5_000_000);
    const sent: [string, string | Buffer<ArrayBuffer>, Record<string, string>, unknown][] = [
      ["a", json, {}, { bytes: json.length + 2, json: JSON.parse(json) }],
      ["b", zstdCompressSync(json), { "content-encoding": "zstd" }, { json: JSON.parse(json) }],
      ["c", "plain", {}, { bytes: 5, text: "plain" }],
      ["d", Buffer.from([0, 255]), {}, { bytes: 2, base64: "AP8=" }],
      ["e", large, {}, { bytes: 5_000_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ];

    await tape.record(upstream.url, async (relay) => {
      for (const [path, body, headers] of sent)
        await fetch(`${relay.url}/v1/${path}`, { method: "POST", body, headers });
    });

    for (const [i, name] of tape.names().entries())
      expect(tape.lines(name)[0]).toMatchObject({ body: sent[i]![3] });
    expect(upstream.seen.at(-1)!.body.length).toBe(large.length);
    const again = await tape.replay(async (relay) => {
      const statuses: number[] = [];
      for (const [path, body, headers] of sent)
        statuses.push(
          (await fetch(`${relay.url}/v1/${path}`, { method: "POST", body, headers })).status,
        );
      return statuses;
    });
    expect(again).toEqual([200, 200, 200, 200, 200]);
  });

  test("JSON that is nested without an end is kept as text, and found again", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const body = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const ask = async (relay: { url: string }) =>
      (await fetch(`${relay.url}/v1/x`, { method: "POST", body })).status;

    await tape.record(upstream.url, ask);

    expect(tape.lines()[0]).toMatchObject({ body: { bytes: 100_000, text: body } });
    expect(await tape.replay(ask)).toBe(200);
  });

  test("a large form is found again, whatever its boundary and wherever it was cut", async () => {
    await using upstream = await startUpstream();
    using tape = createTapeFolder();
    const upload = (letter: string) => async (relay: { url: string }) => {
      const form = new FormData();
      form.append("purpose", "batch");
      form.append("file", new Blob([letter.repeat(5_000_000)]), "a.jsonl");
      return (await fetch(`${relay.url}/v1/files`, { method: "POST", body: form })).status;
    };

    await tape.record(upstream.url, upload("a"));

    expect(await tape.replay(upload("a"))).toBe(200);
    expect(await tape.replay(upload("b"))).toBe(400);
  });

  test.each([
    ["after the last event", "data: [DONE]\n\n", "complete"],
    [
      "after the last event of a response",
      'event: response.completed\ndata: {"a":1}\n\n',
      "complete",
    ],
    ["in the last event", 'event: response.completed\ndata: {"a"', "client_left"],
    ["before it", "data: 2\n\n", "client_left"],
  ])("a client may leave %s", async (_when, last, end) => {
    await using upstream = await startUpstream(
      answering((res) => void res.writeHead(200, stream).write(`data: 1\n\n${last}`)),
    );
    using tape = createTapeFolder();

    await tape.record(upstream.url, async (relay) => {
      using client = await rawConnection(
        relay.port,
        "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
      );
      await client.until(last);
      client.socket.destroy();
      await relay.nextOutcome();
    });

    expect(tape.lines().at(-1)).toMatchObject({ end });
    const { text } = await tape.replay(async (relay) => {
      using client = await rawConnection(
        relay.port,
        "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      );
      return await client.closed();
    });
    expect(text).toContain(last);
    expect(text.endsWith("0\r\n\r\n")).toBe(end === "complete");
  });

  test("what the relay refuses itself is not on the tape", async () => {
    using tape = createTapeFolder();

    const answer = await tape.record("http://127.0.0.1:9", (relay) => fetch(`${relay.url}/v1/x`));

    expect(answer.status).toBe(502);
    expect(tape.names()).toEqual([]);
  });
});

describe("secrets", () => {
  test("of every kind stay out, wherever they stand and however they come", {
    timeout: 20_000,
  }, async () => {
    const secrets = Object.values(canaries);
    const echo = secrets.map((secret) => ({
      secret,
      url: `https://x.example/f?sig=${encodeURIComponent(secret)}`,
    }));
    const text = `${JSON.stringify(echo)}${canaries.key}`;
    await using upstream = await startUpstream((req, res) => {
      req.resume();
      req.on("end", async () => {
        const head = [
          "x-echo",
          canaries.ephemeral,
          "x-api-key",
          canaries.file,
          "Set-Cookie",
          canaries.client,
        ];
        if (req.url?.endsWith("/packed")) {
          res.writeHead(200, [...head, "content-encoding", "gzip"]).end(gzipSync(text));
          return;
        }
        res.writeHead(200, head);
        // A few bytes at a time: secrets lie across slices.
        for (let at = 0; at < text.length; at += 23) {
          res.write(text.slice(at, at + 23));
          await new Promise(setImmediate);
        }
        res.end();
      });
    });
    using tape = createTapeFolder();
    const env = {
      RELAY_TOKENS: `${canaries.token},${canaries.plainToken}`,
      OPENAI_API_KEY: canaries.key,
    };

    const bodies = await tape.record(
      upstream.url,
      async (relay) => {
        const ask = (path: string) =>
          fetch(`${relay.url}/v1/${path}?api_key=${encodeURIComponent(canaries.admin)}`, {
            method: "POST",
            headers: {
              authorization: `Bearer ${canaries.token}`,
              "x-relay-token": canaries.plainToken,
            },
            body: text,
          }).then((answer) => answer.text());
        return [await ask("sliced"), await ask("packed")];
      },
      {},
      env,
    );

    expect(bodies).toEqual([text, text]);
    expect(tape.names()).toHaveLength(2);
    expect(leaksIn(filesBelow(tape.path))).toEqual([]);
  });

  test("of one's own kind are crossed out by scrub, and the answer stays as long as it was", async () => {
    const said = JSON.stringify({ name: "Jané Doe", mail: "jane@example.com", age: 41 });
    await using upstream = await startUpstream(answering((res) => res.end(said)));
    using tape = createTapeFolder();
    const scrub = ["Jané Doe", "/[\\w.]+@example\\.com/"];

    await tape.record(
      upstream.url,
      (relay) => fetch(`${relay.url}/v1/x`, { method: "POST", body: said }),
      { scrub },
    );
    const replayed = await tape.replay(
      async (relay) => {
        const answer = await fetch(`${relay.url}/v1/x`, { method: "POST", body: said });
        return (await answer.json()) as unknown;
      },
      { scrub },
    );

    expect(JSON.stringify(tape.lines())).not.toMatch(/Jan|jane@/);
    expect(replayed).toEqual({ name: "xxxxxxxxx", mail: "xxxxxxxxxxxxxxxx", age: 41 });
  });
});

test("a long answer is written as it comes", async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const piece = "x".repeat(100_000);
  await using upstream = await startUpstream(
    answering((res) => {
      res.write(piece);
      void goOn.then(() => res.end(piece));
    }),
  );
  using tape = createTapeFolder();

  await tape.record(upstream.url, async (relay) => {
    const answer = await fetch(`${relay.url}/v1/x`);
    await expect.poll(() => tape.names()).toEqual([expect.stringMatching(/\.part$/)]);
    resolve();
    expect((await answer.text()).length).toBe(200_000);
  });

  expect(tape.names()).toEqual([expect.stringMatching(/\.jsonl$/)]);
});

test("a large download comes back, byte for byte", { timeout: 30_000 }, async () => {
  const content = randomBytes(20_000_000);
  await using upstream = await startUpstream(
    answering((res) => void res.writeHead(200, { "content-length": content.length }).end(content)),
  );
  using tape = createTapeFolder();
  const download = async (relay: { url: string }) =>
    Buffer.from(await (await fetch(`${relay.url}/v1/files/file-1/content`)).arrayBuffer());

  expect((await tape.record(upstream.url, download)).equals(content)).toBe(true);
  expect((await tape.replay(download)).equals(content)).toBe(true);
});

test("a folder that cannot be made ends the start with a configuration error", async () => {
  const file = import.meta.filename;

  await expect(startRelay({ mock: true, record: `${file}/tape` })).rejects.toThrow(
    new ConfigError(`No tape can be made in ${file}/tape (ENOTDIR).`),
  );
});

test("a recording is nobody else's business", async () => {
  await using upstream = await startUpstream();
  using tape = createTapeFolder();
  await tape.record(upstream.url, (relay) => fetch(`${relay.url}/v1/x`));

  expect(statSync(tape.at(tape.names()[0]!)).mode & 0o777).toBe(0o600);
});

test("a request that never comes to its end leaves nothing behind", async () => {
  await using upstream = await startUpstream((_req, res) => void res.write("early"));
  using tape = createTapeFolder();

  await tape.record(upstream.url, async (relay) => {
    const head = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx";
    using client = await rawConnection(relay.port, head);
    await client.until("early");
    client.socket.destroy();
    await relay.nextOutcome();
  });

  expect(tape.names()).toEqual([]);
});
