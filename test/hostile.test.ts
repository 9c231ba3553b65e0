import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { canaries, leaksIn } from "./support/canaries.ts";
import { type Ended, runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startUpstream } from "./support/upstream.ts";

// A repository that somebody has cloned, and what it tries in order to get the key that is in the
// environment. Each test starts programs, and CI machines are slow.
vi.setConfig({ testTimeout: 30_000 });

/** Leaves a mark when it runs. */
const running = `require("node:fs").writeFileSync(require("node:path").join(__dirname, "ran"), "");`;

/** A home with the user's own settings, and a folder that is somebody else's. */
async function createRepository(files: Record<string, unknown>) {
  const upstream = await startUpstream();
  const own = { upstream: upstream.url, requireToken: false };
  const home = createFolder({ ".config/openai-relay/config.json": own });
  const folder = createFolder({ "package.json": {}, ...files });
  onTestFinished(async () => {
    for (const one of [home, folder]) one[Symbol.dispose]();
    await upstream[Symbol.asyncDispose]();
  });
  const env = { HOME: home.path, OPENAI_API_KEY: canaries.key };
  const run = (...args: string[]) => runCommand(args, { env, cwd: folder.path });
  return { upstream, home, folder, run };
}

/** Somebody who waits for the key. */
async function startThief() {
  let heard = "";
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
    });
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard: () => heard };
}

function expectNothingLost(ended: Ended, folder: Folder): void {
  const { stdout, stderr } = ended;
  expect(leaksIn([{ where: "output", text: stdout + stderr }])).toEqual([]);
  expect(folder.has("ran")).toBe(false);
}

describe("a config file of a cloned repository", () => {
  test.each<[string, Record<string, unknown>, string?]>([
    ["another upstream", { upstream: "THIEF" }],
    ["an upstream without TLS", { upstream: "http://evil.example", insecureUpstream: true }],
    ["a proxy", { proxy: "THIEF" }],
    ["a certificate authority", { ca: "ca.pem" }],
    ["redirects", { followRedirects: ["evil.example"] }],
    ["another header for the key", { authHeader: "x-evil" }],
    ["the clients' own keys", { auth: "passthrough" }],
    ["a command for the key", { keyCommand: ["node", "evil.cjs"] }],
    ["a command for the admin key", { adminKeyCommand: ["node", "evil.cjs"] }],
    ["a command in rules", { keys: [{ name: "a", command: ["node", "evil.cjs"] }] }, "keys"],
    ["a key of the environment", { keys: [{ name: "a", env: "OPENAI_API_KEY" }] }, "keys"],
    ["a key file of the user", { keyFile: "/etc/hostname" }],
    ["an admin key file", { adminKeyFile: "~/.netrc" }],
    ["a .env file", { envFile: ".env" }],
    ["every address", { host: "0.0.0.0", tokens: ["0123456789abcdef"] }],
    ["tokens of its own", { tokens: ["0123456789abcdef"] }],
    ["a socket", { socket: "./open.sock" }],
    ["other users", { otherUsers: "allow" }],
    ["a name to be re-pointed", { allowedHosts: ["evil.example"] }],
    ["a page", { allowedOrigins: ["https://evil.example"] }],
    ["a certificate", { tlsCert: "./c.pem", tlsKey: "./c.pem" }],
  ])("cannot set %s, and hears what it tried", async (_what, content, named) => {
    const thief = await startThief();
    const text = JSON.stringify(content).replace("THIEF", thief.url);
    const { upstream, folder, run } = await createRepository({
      ...{ "relay.config.json": text, "evil.cjs": running, "ca.pem": "", ".env": "" },
    });

    const ended = await run("curl", "/v1/models");

    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toContain(`./relay.config.json sets `);
    for (const name of named ? [named] : Object.keys(content))
      expect(ended.stderr).toMatch(new RegExp(`\\b${name} to `));
    expect(ended.stderr).toContain('"relay config trust"');
    expectNothingLost(ended, folder);
    expect([thief.heard(), upstream.seen]).toEqual(["", []]);
  });

  test("cannot end the need of a token that the user has asked for", async () => {
    const { home, run } = await createRepository({ "relay.config.json": { requireToken: false } });
    home.write(".config/openai-relay/config.json", { requireToken: true });

    const { code, stderr } = await run("config", "show");

    expect(code).toBe(3);
    expect(stderr).toContain("sets requireToken to false");
  });

  test("cannot send a request elsewhere by a rule", async () => {
    const thief = await startThief();
    const { host } = new URL(thief.url);
    const paths = [`//${host}/v1`, `/\\${host}`, `/@${host}/`, "/v1/%2e%2e/x"];
    const rewrite = paths.map((path, i) => ({ path: `/v1/${i}`, to: { path } }));
    const { upstream, folder, run } = await createRepository({ "relay.config.json": { rewrite } });

    for (const i of paths.keys()) expectNothingLost(await run("curl", `/v1/${i}`), folder);

    expect(thief.heard()).toBe("");
    expect(upstream.seen.map(({ headers }) => headers.host)).toEqual(
      upstream.seen.map(() => new URL(upstream.url).host),
    );
  });

  test("works once it is trusted, until it changes", async () => {
    const gateway = await startUpstream();
    onTestFinished(() => gateway[Symbol.asyncDispose]());
    const { folder, run } = await createRepository({
      "relay.config.json": { upstream: gateway.url },
    });

    const before = await run("curl", "/v1/models");
    const trust = await run("config", "trust");
    const after = await run("curl", "/v1/models");
    folder.write("relay.config.json", { upstream: gateway.url, port: 1 });
    const changed = await run("curl", "/v1/models");

    expect([before, trust, after, changed].map(({ code }) => code)).toEqual([3, 0, 0, 3]);
    expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${canaries.key}`,
    ]);
  });
});

describe("code of a cloned repository", () => {
  const kinds = ["js", "cjs", "mjs", "ts", "mts"];
  const modules = ["relay.config", "openai-relay.config", ".openai-relayrc"].flatMap((name) =>
    kinds.map((kind) => `${name}.${kind}`),
  );
  const esm = `import { writeFileSync } from "node:fs"; writeFileSync("ran", ""); export default {};`;

  test.each(modules)("does not run as %s", async (name) => {
    const { folder, run } = await createRepository({
      [name]: name.endsWith("cjs") ? running : esm,
    });

    const ended = await run("curl", "/v1/models");

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(`./${name} is code, which would run in the relay`);
    expectNothingLost(ended, folder);
  });

  test.each([
    ["start", "--port", "0"],
    ["check"],
    ["run", "--", "true"],
    ["key", "status"],
    ["key", "rm"],
    ["token", "ls"],
    ["config", "show"],
    ["config", "path"],
    ["config", "trust"],
    ["config", "schema"],
    ["tls"],
    ["--help"],
  ])("does not run by relay %s", async (...args) => {
    const { folder, run } = await createRepository({
      ...{ "relay.config.cjs": running, ".pino-prettyrc.js": running, "index.js": running },
      ...{ "node_modules/undici/index.js": running, "node_modules/pino/index.js": running },
      "package.json": { main: "index.js", imports: { "#a": "./index.js" }, "openai-relay": {} },
      ".env": "NODE_OPTIONS=--require=./index.js\nRELAY_UPSTREAM=https://evil.example\n",
      ".npmrc": "node-options=--require=./index.js\n",
    });

    expectNothingLost(await run(...args), folder);
  });

  test("of a .env file only the keys are read, even where it is asked for", async () => {
    const evil = ["NODE_OPTIONS=--require=./evil.cjs", "RELAY_UPSTREAM=http://127.0.0.1:1"];
    const lines = [...evil, "HTTPS_PROXY=http://127.0.0.1:1", `OPENAI_API_KEY=${canaries.dotenv}`];
    const { upstream, folder, run } = await createRepository({
      ...{ ".env": lines.join("\n"), "evil.cjs": running },
    });

    const ended = await run("curl", "/v1/models", "--dotenv", ".env");

    expect(ended.code).toBe(0);
    expectNothingLost(ended, folder);
    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${canaries.dotenv}`);
  });
});

describe("a file that harms by its form", () => {
  const line = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`)}]`;
  const bomb = ["a: &a [x]", ..."bcdefghij".split("").map((c, i) => line(c, "abcdefghi"[i]!))];
  const deep = (inner: string) => "[".repeat(100_000) + inner + "]".repeat(100_000);
  const polluting = '{"__proto__": {"upstream": "x"}, "log": {"__proto__": {"level": "trace"}}}';

  test.each([
    ["a YAML bomb", "relay.config.yaml", [...bomb, "port: *j", "keys: *j", "beta: *j"].join("\n")],
    ["a value within itself", "relay.config.yaml", "log: &a { log: *a }\nport: &b [*b]\n"],
    ["YAML that asks for a type", "relay.config.yaml", 'port: !!js/function "() => 1"'],
    ["JSON as deep as it gets", "relay.config.json", `{"port": ${deep("1")}}`],
    ["YAML as deep as it gets", "relay.config.yaml", `port: ${deep("1")}`],
    ["names that every object has", "relay.config.json", polluting],
    ["the same in YAML", "relay.config.yaml", "constructor: { prototype: { port: 1 } }"],
    ["two megabytes", "relay.config.json", `{"port": "${"x".repeat(2_000_000)}"}`],
    ["a package file of two megabytes", "package.json", `{"x": "${"x".repeat(2_000_000)}"}`],
    ["bytes that are no text", ".openai-relayrc", "\0\x01\x02\xff"],
  ])("%s is refused by name", async (_what, name, content) => {
    const { folder, run } = await createRepository({ [name]: content });

    const ended = await run("curl", "/v1/models");

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(`./${name}`);
    expect(ended.stderr.length).toBeLessThan(3_000_000);
    expectNothingLost(ended, folder);
  });

  test.each([
    ["a device without an end", "ln -s /dev/zero relay.config.json"],
    ["a device as the package file", "rm package.json; ln -s /dev/zero package.json"],
    ["a pipe that nobody writes to", "mkfifo relay.config.yaml"],
    ["a link to the environment", "ln -s /proc/self/environ .openai-relayrc"],
    ["a link to a secret", `echo '${canaries.file}' > ../secret; ln -s ../secret .openai-relayrc`],
  ])("%s is refused, and nothing of it told", async (_what, script) => {
    using folder = createFolder({ "sub/package.json": {} });
    execFileSync("sh", ["-c", script], { cwd: folder.at("sub") });

    const ended = await runCommand(["config", "show"], {
      cwd: folder.at("sub"),
      env: { HOME: folder.path, OPENAI_API_KEY: canaries.key },
    });

    expect(ended.code).toBe(3);
    expectNothingLost(ended, folder);
  });
});
