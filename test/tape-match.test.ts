import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settings } from "../src/config/settings.ts";
import type { Asked, HeaderPairs } from "../src/tape/entry.ts";
import { createMatcher, diff } from "../src/tape/match/matcher.ts";
import { replaceAll } from "../src/tape/match/replace.ts";
import { type RuleSettings, toRules } from "../src/tape/match/rules.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startUpstream } from "./support/upstream.ts";

const defaults: RuleSettings = {
  ids: settings.match.ids.default as boolean,
  dates: settings.match.dates.default as boolean,
  pathIds: settings.match.pathIds.default as boolean,
  ignoreFields: [],
  ignoreQuery: [],
  headers: settings.match.headers.default as string[],
  replace: [],
};

/** A request as a tape has it. */
function ask(json: unknown, more: Partial<Asked> = {}): Asked {
  return {
    tape: 1,
    method: "POST",
    path: "/v1/responses",
    digest: "",
    recorded: "2026-01-01T00:00:00.000Z",
    headers: [["content-type", "application/json"]],
    ...(json !== undefined && { body: { bytes: 2, json } }),
    ...more,
  };
}

function get(path: string, query?: string, headers: HeaderPairs = []): Asked {
  const more = { method: "GET", path, headers, ...(query !== undefined && { query }) };
  return ask(undefined, more);
}

function form(boundary: string, parts: [head: string, content: string][]): Asked {
  const text = parts.map(([head, content]) => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`);
  const body = `${text.join("")}--${boundary}--\r\n`;
  return ask(undefined, {
    path: "/v1/files",
    headers: [["content-type", `multipart/form-data; boundary=${boundary}`]],
    body: { bytes: body.length, text: body },
  });
}

const field = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const file = (name: string, type = "text/plain") =>
  `${field("file")}; filename="${name}"\r\nContent-Type: ${type}`;

function same(a: Asked, b: Asked, rules: Partial<RuleSettings> = {}): boolean {
  const { keyOf } = createMatcher({ ...defaults, ...rules });
  return keyOf(a) === keyOf(b);
}

const uuids = ["550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"];
const calls = ["call_abcdefghijklmnop1234WXYZ", "call_ZYXWvutsrqponmlk98765432"];

describe("the same by the rules", () => {
  test.each<[what: string, a: Asked, b: Asked]>([
    ["order of names", ask({ a: 1, b: { c: [1], d: 2 } }), ask({ b: { d: 2, c: [1] }, a: 1 })],
    ["UUIDs", ask({ user: uuids[0] }), ask({ user: uuids[1] })],
    ["ids inside of texts", ask({ input: `see ${calls[0]}.` }), ask({ input: `see ${calls[1]}.` })],
    ["ids of 32 hex digits", ask(`${"0a".repeat(16)}`), ask(`${"f3".repeat(16)}`)],
    ["dates", ask({ input: "Today is 2026-01-31." }), ask({ input: "Today is 2025-11-02." })],
    ["moments", ask("at 2026-01-31T10:20:30.123Z"), ask("at 2024-02-29 23:59:59+01:00")],
    ["dates in words", ask("Sunday, January 4, 2026"), ask("Monday, December 29, 2025")],
    ["HTTP dates", ask("Sun, 04 Jan 2026 10:00:00 GMT"), ask("Mon, 05 Jan 2026 11:12:13 GMT")],
    ["moments as numbers", ask({ created_at: 1767225600 }), ask({ created_at: 1798761600 })],
    [
      "order of the query",
      get("/v1/files", "limit=2&after=x"),
      get("/v1/files", "after=x&limit=2"),
    ],
    ["how a query is encoded", get("/v1/files", "q=a+b"), get("/v1/files", "q=a%20b")],
    [
      "headers of SDKs",
      ask({}, { headers: [["accept", "*/*"]] }),
      ask({}, { headers: [["openai-beta", "assistants=v2"]] }),
    ],
    [
      "charsets",
      ask({}, { headers: [["content-type", "application/json; charset=utf-8"]] }),
      ask({}),
    ],
    [
      "boundaries, and the order of unlike fields",
      form("a", [
        [field("purpose"), "batch"],
        [file("x.jsonl"), "{}"],
      ]),
      form("bb", [
        [file("x.jsonl"), "{}"],
        [field("purpose"), "batch"],
      ]),
    ],
    ["ids in fields", form("a", [[field("id"), uuids[0]!]]), form("a", [[field("id"), uuids[1]!]])],
  ])("%s", (_what, a, b) => {
    expect(same(a, b)).toBe(true);
  });
});

describe("not the same", () => {
  test.each<[what: string, a: Asked, b: Asked]>([
    ["methods", get("/v1/models"), ask(undefined, { path: "/v1/models" })],
    ["a handshake", get("/v1/realtime"), { ...get("/v1/realtime"), upgrade: true }],
    [
      "ids in paths",
      get("/v1/files/file-abcdefghijklmnop12"),
      get("/v1/files/file-ponmlkjihgfedcba34"),
    ],
    [
      "ids in queries",
      get("/v1/files", `after=${calls[0]}`),
      get("/v1/files", `after=${calls[1]}`),
    ],
    ["parameters of one name in another order", get("/v1/x", "a=1&a=2"), get("/v1/x", "a=2&a=1")],
    ["ranges", get("/v1/x", undefined, [["range", "bytes=0-1"]]), get("/v1/x")],
    ["media types", ask({}, { headers: [["content-type", "application/sdp"]] }), ask({})],
    ["which ids are the same", ask([uuids[0], uuids[0]]), ask([uuids[0], uuids[1]])],
    ["order of lists", ask([1, 2]), ask([2, 1])],
    [
      "models with a date",
      ask({ model: "gpt-4o-2024-08-06" }),
      ask({ model: "gpt-4o-2024-05-13" }),
    ],
    ["short names", ask("call_1"), ask("call_2")],
    ["words that look like ids", ask("user-internationalization"), ask("user-misunderstandings")],
    ["SHA-256", ask("0a".repeat(32)), ask("f3".repeat(32))],
    ["numbers that are no moments", ask({ seed: 1767225600 }), ask({ seed: 1798761600 })],
    ["a text and a number", ask({ n: "1" }), ask({ n: 1 })],
    ["null and nothing", ask({ n: null }), ask({})],
    ["a body and none", ask({}), ask(undefined)],
    ["contents of files", form("a", [[file("x"), "1"]]), form("a", [[file("x"), "2"]])],
    ["names of files", form("a", [[file("x"), "1"]]), form("a", [[file("y"), "1"]])],
    ["types of files", form("a", [[file("x"), "1"]]), form("a", [[file("x", "a/b"), "1"]])],
    [
      "dates in files",
      form("a", [[file("x"), "2026-01-01"]]),
      form("a", [[file("x"), "2026-01-02"]]),
    ],
    [
      "fields of one name in another order",
      form("a", [
        [field("x[]"), "1"],
        [field("x[]"), "2"],
      ]),
      form("a", [
        [field("x[]"), "2"],
        [field("x[]"), "1"],
      ]),
    ],
  ])("%s", (_what, a, b) => {
    expect(same(a, b)).toBe(false);
  });
});

describe("rules of one's own", () => {
  test.each<[string, Partial<RuleSettings>, Asked, Asked]>([
    ["ids count", { ids: false }, ask(uuids[0]), ask(uuids[1])],
    ["dates count", { dates: false }, ask("2026-01-01"), ask("2026-01-02")],
    [
      "moments as numbers count with them",
      { dates: false },
      ask({ created_at: 1767225600 }),
      ask({ created_at: 1798761600 }),
    ],
    [
      "another header counts",
      { headers: ["OpenAI-Beta"] },
      ask({}, { headers: [["openai-beta", "a=v1"]] }),
      ask({}, { headers: [["openai-beta", "a=v2"]] }),
    ],
  ])(
    "%s",
    (_what, rules, a, b) => {
      expect(same(a, b)).toBe(true);
      expect(same(a, b, rules)).toBe(false);
    },
    1_000,
  );

  test.each<[string, Partial<RuleSettings>, Asked, Asked]>([
    [
      "ids in paths",
      { pathIds: true },
      get("/v1/files/file-abcdefghijklmnop12"),
      get("/v1/files/file-ponmlkjihgfedcba34"),
    ],
    [
      "a place",
      { ignoreFields: ["metadata.run"] },
      ask({ metadata: { run: 1, of: 2 } }),
      ask({ metadata: { of: 2 } }),
    ],
    [
      "a place in every item",
      { ignoreFields: ["$.input[*].id"] },
      ask({ input: [{ id: 1, a: 1 }, { id: 2 }] }),
      ask({ input: [{ a: 1 }, { id: 3 }] }),
    ],
    [
      "a field of a form",
      { ignoreFields: ["metadata"] },
      form("a", [
        [field("metadata"), "1"],
        [field("purpose"), "x"],
      ]),
      form("a", [[field("purpose"), "x"]]),
    ],
    ["a parameter", { ignoreQuery: ["t"] }, get("/v1/x", "t=1&a=2"), get("/v1/x", "a=2")],
    [
      "no header counts",
      { headers: [] },
      get("/v1/x", undefined, [["range", "bytes=0-"]]),
      get("/v1/x"),
    ],
    [
      "a pattern",
      { replace: [{ pattern: "/tmp/pytest-*/", to: "/tmp/" }] },
      ask("in /tmp/pytest-of-me-17/x"),
      ask("in /tmp/pytest-3/x"),
    ],
  ])("%s may differ", (_what, rules, a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(a, b, rules)).toBe(true);
  });

  test("nothing else of the body is ignored with a place", () => {
    const rules = { ignoreFields: ["metadata.run", "input.*.id"] };

    expect(same(ask({ metadata: { of: 1 } }), ask({ metadata: { of: 2 } }), rules)).toBe(false);
    expect(same(ask({ run: 1 }), ask({ run: 2 }), rules)).toBe(false);
  });

  test("have a digest that knows what they mean, not how they are written", () => {
    const digest = (more: Partial<RuleSettings>) => toRules({ ...defaults, ...more }).digest;

    expect(digest({})).toBe("825e021d28c43e34");
    expect(digest({ headers: ["Range", "ACCEPT"] })).toBe(digest({ headers: ["accept", "range"] }));
    expect(digest({ ignoreFields: ["$.a[*]"] })).toBe(digest({ ignoreFields: ["a.*"] }));
    const others = [
      { ids: false },
      { ignoreQuery: ["x"] },
      { replace: [{ pattern: "a", to: "b" }] },
    ];
    expect(new Set([{}, ...others].map(digest)).size).toBe(4);
  });
});

test.each([
  ["run-*", "X", "run-1 rerun-22, run-", "X reX run-"],
  ["*.py:*", "F", "at a/b.py:12 in c.py", "at F in c.py"],
  ["took * ms", "T", "took 12 ms, took 1 2 ms", "T, took 1 2 ms"],
  ["a*b*c", "_", "a1b2c abc", "_ abc"],
  ["plain", "$&", "plain", "$&"],
])("replacing %s by %s", (pattern, to, text, replaced) => {
  expect(replaceAll(text, { pattern, to })).toBe(replaced);
});

test("every request is the same as itself with its names in another order", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([k, v]) => [k, shuffled(v)]),
    );
  };

  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(same(ask(json), ask(shuffled(json)))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

// A pattern that backtracks would take minutes.
test("texts and bodies that are made to be slow are none", () => {
  const { keyOf, explain } = createMatcher({
    ...defaults,
    replace: [{ pattern: "a*a*a*b", to: "x" }],
    ignoreFields: Array.from({ length: 20 }, (_, i) => `${"*.".repeat(i)}z`),
  });
  const deep = JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`) as unknown;
  const slow = [
    ...["a", "1", "-", "ask-", "ab-", "2026-01-", "Mon, ", "call_", "0a", "Jan 1, "].map((text) =>
      text.repeat(20_000),
    ),
    deep,
    Array.from({ length: 30_000 }, () => ({})),
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`name${i}`, i])),
  ];

  for (const json of slow) {
    expect(keyOf(ask(json))).toBe(keyOf(ask(json)));
    explain(ask(json), [{ name: "x", asked: ask([json]) }]);
  }

  // What is too deep to be looked into is the same for the same bytes alone.
  const a = keyOf(ask(deep, { digest: "a" }));
  expect(keyOf(ask(deep, { digest: "a" }))).toBe(a);
  expect(keyOf(ask(deep, { digest: "b" }))).not.toBe(a);
}, 20_000);

test("messages of WebSockets are compared by the same rules", () => {
  const { sameMessage } = createMatcher(defaults);
  const [a, b] = [`{"type":"x","event_id":"${uuids[0]}"}`, `{"event_id":"${uuids[1]}","type":"x"}`];

  expect(sameMessage(a, b)).toBe(true);
  expect(sameMessage(a, a.replace('"x"', '"y"'))).toBe(false);
  expect(sameMessage("no JSON", "no JSON")).toBe(true);
  expect(sameMessage("{}", Buffer.from("{}"))).toBe(false);
  expect(sameMessage(Buffer.from("a"), Buffer.from("a"))).toBe(true);
});

test("a relay replays what differs only as the rules let it, and says of all else how it differs", async () => {
  using tape = createTapeFolder();
  await using upstream = await startUpstream((req, res) => {
    req.resume();
    req.on("end", () => res.end(`${req.method} ${req.url}`));
  });
  const call = (url: string, path: string, body: string | FormData, type?: string) => {
    const headers = type === undefined ? {} : { "content-type": type };
    return fetch(`${url}${path}`, { method: "POST", body, headers }).then((answer) =>
      answer.text(),
    );
  };
  const formOf = (content: string) => {
    const form = new FormData();
    form.append("purpose", "batch");
    form.append("file", new File([content], "a.jsonl"));
    return form;
  };
  const large = "x".repeat(5 * 1024 ** 2);
  await tape.record(upstream.url, async ({ url }) => {
    await call(
      url,
      "/v1/responses",
      `{"input":"Now ${uuids[0]}","at":"2026-01-01"}`,
      "application/json",
    );
    await call(url, "/v1/files?a=1&b=2", formOf("{}"));
    await call(url, "/v1/files?large", formOf(large));
  });

  await tape.replay(async ({ url }) => {
    const other = `{"at":"2026-02-02","input":"Now ${uuids[1]}"}`;
    const zipped = gzipSync(other);
    const answer = await fetch(`${url}/responses`, {
      method: "POST",
      body: zipped,
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
    expect(await answer.text()).toBe("POST /v1/responses");
    expect(await call(url, "/v1/files?b=2&a=1", formOf("{}"))).toBe("POST /v1/files?a=1&b=2");
    expect(await call(url, "/v1/files?large", formOf(large))).toBe("POST /v1/files?large");
    const missed = await call(
      url,
      "/v1/responses",
      other.replace("Now", "Then"),
      "application/json",
    );
    expect(JSON.parse(missed).error).toMatchObject({
      code: "tape_miss",
      message: expect.stringContaining(
        'input: "Now <id 1>" on the tape, "Then <id 1>" in the request',
      ),
    });
  });
});

describe("what is said of a request that is not on the tape", () => {
  const rules = toRules(defaults);

  test.each<[Asked, Asked, string[]]>([
    [
      ask({ model: "gpt-5", input: "Hi" }),
      ask({ model: "gpt-5-mini", input: "Hi", stream: true }),
      [
        'model: "gpt-5" on the tape, "gpt-5-mini" in the request',
        "stream: true in the request, not on the tape",
      ],
    ],
    [
      ask({ input: [{ a: 1 }, { b: 2 }, { c: 3 }] }),
      ask({ input: [{ z: 0 }, { a: 1 }, { b: 2 }, { c: 3 }] }),
      ['input[0]: {"z":0} in the request, not on the tape'],
    ],
    [
      ask(`${"x".repeat(200)}one${"y".repeat(200)}`),
      ask(`${"x".repeat(200)}two${"y".repeat(200)}`),
      [
        `body: …${"x".repeat(20)}one${"y".repeat(37)}… on the tape, …${"x".repeat(20)}two${"y".repeat(37)}… in the request`,
      ],
    ],
    [
      get("/v1/files", "limit=2"),
      get("/v1/files", "limit=3"),
      ['query.limit: "2" on the tape, "3" in the request'],
    ],
    [
      form("a", [[field("purpose"), "batch"]]),
      form("b", [[field("purpose"), "vision"]]),
      ['purpose: "batch" on the tape, "vision" in the request'],
    ],
    [ask({ a: 1, at: "2026-01-01" }), ask({ at: "2026-01-02", a: 1 }), []],
  ])("%#", (recorded, asked, lines) => {
    expect(diff(recorded, asked, rules)).toEqual(lines);
  });

  test("names the nearest, whatever else there is", () => {
    const { explain } = createMatcher(defaults);
    const tape = [
      ask({ model: "gpt-5", input: "Say hello" }, { path: "/v1/chat/completions" }),
      ask({ model: "gpt-5", input: "Translate the text into French" }),
      ask({ model: "gpt-5", input: "Translate the text into German please", stream: true }),
      get("/v1/responses"),
    ].map((asked, i) => ({ name: `${i}.jsonl`, asked }));

    const said = explain(ask({ model: "gpt-5", input: "Translate the text into Greek" }), tape);

    expect(said).toBe(
      'The nearest is 1.jsonl:\n  input: "Translate the text into French" on the tape, "Translate the text into Greek" in the request',
    );
    expect(explain(ask({}), [])).toBe("The tape is empty.");
  });

  test("is short, and tells neither secrets nor the terminal what to do", () => {
    const secret = `sk-proj-${"a1B2".repeat(10)}`;
    const names = Array.from({ length: 50 }, (_, i) => [`n${i}`, i]);

    const lines = diff(
      ask({ key: "none", tone: "a" }),
      ask({ key: secret, tone: "\u001b[31m", [secret]: 1, ...Object.fromEntries(names) }),
      rules,
    );

    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe("and more");
    expect(lines.join("\n")).not.toContain("a1B2a1B2");
    expect(lines.join("\n")).not.toContain("\u001b");
  });
});
