import { expect, test } from "vitest";
import { ConfigError, UsageError } from "../src/config/error.ts";
import { allSettings } from "../src/config/names.ts";
import { createFolder } from "./support/folder.ts";
import { load, problemsOf } from "./support/settings.ts";

test("without anything said, every setting has its default and says so", async () => {
  const { config, origins, files, remarks } = await load({});

  expect(config).toMatchObject({
    port: 8484,
    host: "127.0.0.1",
    upstream: "https://api.openai.com",
  });
  expect(config.timeouts).toMatchObject({ connect: 10_000, total: 0, drain: 30_000 });
  expect(config.limits).toMatchObject({ headers: 65_536, connections: 16_384 });
  expect(Object.keys(origins)).toEqual([...allSettings.keys()]);
  expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
  expect({ files, remarks }).toEqual({ files: [], remarks: [] });
});

test("flags win over the environment, it over the project's file, that over the user's", async () => {
  using home = createFolder({
    ".config/openai-relay/config.json": { port: 1, organization: "u", project: "u", beta: ["u=1"] },
  });
  using project = createFolder({
    "relay.config.json": { port: 2, organization: "p", project: "p" },
  });
  const env = { HOME: home.path, RELAY_PORT: "3", RELAY_ORGANIZATION: "e" };

  const { config, origins, files } = await load({ flags: { port: "4" }, env, cwd: project.path });

  expect(config).toMatchObject({ port: 4, organization: "e", project: "p", beta: ["u=1"] });
  expect(origins).toMatchObject({
    port: "flag --port",
    organization: "env RELAY_ORGANIZATION",
    project: "file ./relay.config.json",
    beta: `file ${home.at(".config/openai-relay/config.json")}`,
    validate: "default",
  });
  expect(files).toEqual([
    project.at("relay.config.json"),
    home.at(".config/openai-relay/config.json"),
  ]);
});

test("groups merge setting by setting, lists replace one another", async () => {
  using home = createFolder({
    ".config/openai-relay/config.yaml": "timeouts:\n  connect: 1s\n  idle: 2m\nbeta: [a, b]\n",
  });
  using project = createFolder({
    ".openai-relayrc": "timeouts: { connect: 3s }\nbeta: [c]\nlog:\n",
  });

  const { config } = await load({ env: { HOME: home.path }, cwd: project.path });

  expect(config.timeouts).toMatchObject({ connect: 3_000, idle: 120_000, drain: 30_000 });
  expect(config.beta).toEqual(["c"]);
  expect(config.log.level).toBe("info");
});

test.each([
  ["port", "8080", 8080],
  ["mock", "yes", true],
  ["systemCa", "0", false],
  ["timeouts.connect", "1.5s", 1_500],
  ["timeouts.idle", "250ms", 250],
  ["timeouts.idle", "0", 0],
  ["timeouts.total", "2H", 7_200_000],
  ["limits.body", "10MB", 10_485_760],
  ["beta", "a=1, b=2,", ["a=1", "b=2"]],
  ["tokens", "one,two", ["one", "two"]],
  ["keyCommand", "pass show openai", ["pass", "show", "openai"]],
  ["keyCommand", '["sh", "-c", "echo a b"]', ["sh", "-c", "echo a b"]],
  ["rewrite", '[{"path":"/a","to":{"path":"/b"}}]', [{ path: "/a", to: { path: "/b" } }]],
  ["host", "[::1]", "::1"],
  ["proxy", "off", "off"],
  ["log.level", "debug", "debug"],
])("the environment says %s: %s", async (path, text, value) => {
  const name = `RELAY_${path.replace(/[A-Z]/g, "_$&").replace(".", "_").toUpperCase()}`;
  const { config, origins } = await load({ env: { [name]: ` ${text}\r` } });

  expect(path.split(".").reduce((at, key) => Reflect.get(at, key), config as object)).toEqual(
    value,
  );
  expect(origins[path]).toBe(`env ${name}`);
});

test("an empty variable is an unset one", async () => {
  const env = { RELAY_PORT: "", RELAY_HOST: "  ", OPENAI_ORG_ID: "" };
  const { origins, remarks } = await load({ env });

  expect(origins).toMatchObject({ port: "default", host: "default", organization: "default" });
  expect(remarks).toEqual([]);
});

test("OpenAI's own names set organization and project, and lose against RELAY_ names", async () => {
  const env = { OPENAI_ORG_ID: "org-a", OPENAI_PROJECT_ID: "proj-a", RELAY_PROJECT: "proj-b" };
  const { config, origins } = await load({ env });

  expect(config).toMatchObject({ organization: "org-a", project: "proj-b" });
  expect(origins).toMatchObject({
    organization: "env OPENAI_ORG_ID",
    project: "env RELAY_PROJECT",
  });
});

test("OPENAI_BASE_URL is never read", async () => {
  const { config, remarks } = await load({ env: { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" } });

  expect(config.upstream).toBe("https://api.openai.com");
  expect(remarks).toEqual([]);
});

test("an unknown RELAY_ variable is remarked upon, with the nearest name", async () => {
  const { remarks } = await load({
    env: {
      RELAY_PROT: "1",
      RELAY_API_KEY: "sk-secret-value",
      RELAY_CONFIG: "",
      RELAY_ZZZZZZZZ: "",
    },
    config: false,
  });

  expect(remarks).toEqual([
    'RELAY_PROT is not a setting. Did you mean "RELAY_PORT"?',
    expect.stringMatching(/^RELAY_API_KEY is not a setting\. .*OPENAI_API_KEY/),
  ]);
  expect(remarks.join()).not.toContain("sk-secret-value");
});

test("service links that a cluster adds are not taken for settings", async () => {
  const env = {
    RELAY_PORT: "tcp://10.0.0.7:8484",
    RELAY_PORT_8484_TCP_ADDR: "10.0.0.7",
    RELAY_SERVICE_HOST: "10.0.0.7",
  };
  const { config, remarks } = await load({ env });

  expect(config.port).toBe(8484);
  expect(remarks).toEqual([expect.stringContaining("RELAY_PORT=tcp://")]);
});

test("everything wrong is told at once: name, value, origin and what would be right", async () => {
  using project = createFolder({
    "relay.config.yaml": [
      "timeouts: { connect: soon, conect: 5s }",
      "logLevel: debug",
      "mock: perhaps",
      "version: 2",
      "limits: many",
      "rewrite: [{ path: v1/a, to: {} }]",
    ].join("\n"),
  });
  const problems = await problemsOf({ env: { RELAY_PORT: "99999" }, cwd: project.path });

  const at = (position: string) => `(file ./relay.config.yaml:${position})`;
  expect(problems).toEqual([
    '"port" is 99999 (env RELAY_PORT): it must be a whole number from 0 to 65535',
    `"timeouts.connect" is "soon" ${at("1:13")}: it must be a time such as "500ms", "10s" or "20m", at most "500h"`,
    `"timeouts.conect" is not a setting ${at("1:28")}. Did you mean "timeouts.connect"?`,
    `"logLevel" is not a setting ${at("2:1")}. Did you mean "log.level"?`,
    `"mock" is "perhaps" ${at("3:1")}: it must be true or false`,
    `"version" is 2 ${at("4:1")}: it must be 1`,
    `"limits" must be an object of settings ${at("5:1")}`,
    `"rewrite[0].path" is "v1/a" ${at("6:1")}: it must be a path that starts with "/"`,
  ]);
});

test.each(["/v1/a b", "/v1/a\r\nX: y", "/v1/é", "/v1/a#b"])(
  "rewrite never makes a request line of its own: %j",
  async (path) => {
    const rewrite = JSON.stringify([{ path: "/v1/a", to: { path } }]);

    expect(await problemsOf({ env: { RELAY_REWRITE: rewrite } })).toEqual([
      expect.stringMatching(/^"rewrite\[0\]\.to\.path" is .*: it must be a path as it is sent/),
    ]);
  },
);

test.each([
  ["a flag", { flags: { "timeouts.idle": "60" } }, '"60" (flag --timeouts-idle)'],
  ["a variable", { env: { RELAY_TIMEOUTS_IDLE: "60" } }, '"60" (env RELAY_TIMEOUTS_IDLE)'],
])("a time in %s has a unit: 60 could be seconds or milliseconds", async (_who, input, given) => {
  expect(await problemsOf(input)).toEqual([
    `"timeouts.idle" is ${given}: it must be a time with its unit: "60s" or "60ms"`,
  ]);
});

test.each([
  ["relay.config.json", '{\n\t"timeouts": {\n\t\t"idle": 60\n\t}\n}\n', "3:3"],
  ["package.json", '{ "idle": 1,\n  "openai-relay": { "timeouts": { "idle": 60 } } }', "2:35"],
  ["relay.config.yaml", "# idle\ntimeouts:\n  # idle\n  idle: 60\n", "4:3"],
  ["relay.config.yaml", "timeouts:\r\n  'idle': 60\r\n", "2:3"],
])("what is wrong in %s is found by line and column", async (name, text, position) => {
  using folder = createFolder({ [name]: text });

  expect(await problemsOf({ cwd: folder.path })).toEqual([
    `"timeouts.idle" is 60 (file ./${name}:${position}): it must be a time with its unit: "60s" or "60ms"`,
  ]);
});

test("what a file says and the machine does not have is found there too", async () => {
  using folder = createFolder({ "own.yaml": "port: 1\nca: gone.pem\n" });
  const config = folder.at("own.yaml");

  expect(await problemsOf({ cwd: folder.path, config })).toEqual([
    `"ca" is ${JSON.stringify(folder.at("gone.pem"))} (file ./own.yaml:2:1): there is no such file.`,
  ]);
});

test("a file's values are not text: a number in quotes is not a number", async () => {
  using project = createFolder({
    "relay.config.json": { port: "8080", mock: "true", beta: "a=1" },
  });

  expect(await problemsOf({ cwd: project.path })).toHaveLength(3);
});

test("a bad flag is a usage error, anything else is a configuration error", async () => {
  const flag = load({ flags: { port: "abc" } });
  const both = load({ flags: { port: "abc" }, env: { RELAY_MOCK: "perhaps" } });
  const crossed = load({ flags: { host: "0.0.0.0" } });
  const file = load({ flags: {}, config: "nowhere.json" });

  await expect(flag).rejects.toThrow(UsageError);
  await expect(flag).rejects.toThrow(
    '"port" is "abc" (flag --port): it must be a whole number from 0 to 65535',
  );
  await expect(both).rejects.toThrow(ConfigError);
  await expect(crossed).rejects.toThrow(UsageError);
  await expect(file).rejects.toThrow(UsageError);
  await expect(load({ env: { RELAY_CONFIG: "nowhere.json" } })).rejects.toThrow(ConfigError);
});

test.each([
  ["a token that is empty", { tokens: [""] }],
  ["an empty host, which would listen everywhere", { host: "" }],
  ["a header that could be split", { organization: "a\r\nb: c" }],
  ["a time that would overflow a timer", { timeouts: { total: "600h" } }],
  ["an origin with a path", { allowedOrigins: ["http://localhost:5173/"] }],
  ["an upstream with a query", { upstream: "https://api.openai.com/?a" }],
  ["a list instead of an object", []],
  ["a name that every object has", { constructor: 1 }],
])("a file with %s is refused", async (_what, content) => {
  using folder = createFolder({ "own.json": content });

  expect(await problemsOf({ cwd: folder.path, config: "own.json" })).toHaveLength(1);
});

test("secrets are never shown", async () => {
  using folder = createFolder({
    "own.json": {
      tokens: ["t0p-secret token"],
      upstream: "http://me:p4ss@x/?q",
      apiKey: "sk-proj-12345",
    },
    "broken.json": '{ "tokens": [x-t0p-secret] }',
    "broken.yaml": "tokens:\n  - [t0p-secret\nport: 1\n",
  });
  const told = [
    ...(await problemsOf({ cwd: folder.path, config: "own.json" })),
    ...(await problemsOf({ cwd: folder.path, config: "broken.json" })),
    ...(await problemsOf({ cwd: folder.path, config: "broken.yaml" })),
    ...(await problemsOf({ env: { RELAY_KEY_FILE: "sk-proj-12345" }, config: false })),
    ...(await problemsOf({ env: { RELAY_TOKENS: "t0p-secret é" }, config: false })),
  ];

  expect(told).toHaveLength(7);
  expect(told.join("\n")).not.toMatch(/t0p|p4ss|12345/);
  expect(told.join("\n")).toContain('"tokens[0]" is "(hidden)"');
});

test("what a file says cannot steer the terminal", async () => {
  using folder = createFolder({ "own.json": { "\u001b[2Jport": 1, host: "\u009b31m\u202e" } });
  const told = (await problemsOf({ cwd: folder.path, config: "own.json" })).join("");

  expect(told).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
