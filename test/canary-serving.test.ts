import { hash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { canaries, filesBelow, leaksIn, tellingScript } from "./support/canaries.ts";
import { type Running, startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { rawExchange } from "./support/raw.ts";
import { requestsWith } from "./support/secret-requests.ts";
import { startRawUpstream } from "./support/upstream.ts";

// Each test starts a program and sends it hundreds of requests.
vi.setConfig({ testTimeout: 60_000 });

const levels = ["silent", "error", "warn", "info", "debug", "trace"];
const cases = [...levels.map((level) => [level, "json"]), ["info", "pretty"], ["trace", "pretty"]];
/** What level trace does not tell, no other does: those send the requests of some secrets only. */
const few = [canaries.key, canaries.plainToken, canaries.stored, canaries.client];

test.each(cases)(
  "log level %s in %s: no secret is written, wherever a client puts it",
  async (level, format) => {
    using stage = createStage();
    await using upstream = await startOddUpstream();
    const args = ["start", "--port", "0", "--log-level", level!, "--log-format", format!];
    const more = ["--upstream", upstream.url, "--validate", "--require-token"];
    await using relay = startCommand([...args, ...more], { env: stage.env, cwd: stage.cwd });
    const [, port] = await relay.until("stdout", /^http:\/\/127\.0\.0\.1:(\d+)/);

    const told: string[] = [];
    for (const secret of level === "trace" ? Object.values(canaries) : few) {
      const requests = requestsWith(secret, canaries.stored);
      told.push(...(await Promise.all(requests.map((bytes) => rawExchange(Number(port), bytes)))));
    }
    const report = await crash(relay, stage.home);

    const { stdout, stderr } = await relay.ended;
    // What upstream says is the client's to read, and passes as it is: even a key that it echoes.
    const own = told.filter((text) => /^x-relay-error: /im.test(text));
    const artefacts = [
      ...[stdout, stderr, ...own].map((text, i) => ({ where: `text ${i}`, text })),
      ...filesBelow(stage.home.path),
      ...filesBelow(stage.cwd),
      ...filesBelow(stage.seen),
    ];
    expect(leaksIn(artefacts)).toEqual([]);

    // All this was staged as it should.
    expect(upstream.text()).toContain(canaries.key);
    expect(upstream.text()).toContain(canaries.command);
    expect(own.length).toBeGreaterThan(50);
    expect(own.length).toBeLessThan(told.length - 20);
    expect(report).toMatch(/"event": "(?:Exception|JavaScript API)|Exception/);
    expect(filesBelow(stage.seen)[0]?.text).toContain("PATH=");
    if (level === "info") expect(stderr).toContain("upstream_reset");
    if (level === "silent") expect(stderr).not.toContain("/v1/");
  },
);

type Stage = Disposable & { home: Folder; cwd: string; seen: string; env: NodeJS.ProcessEnv };

/** A home and a project around a relay that has keys from everywhere. */
function createStage(): Stage {
  const home = createFolder();
  const inputs = createFolder({ key: canaries.file });
  const { token, plainToken, stored, key, admin, rule } = canaries;
  const digest = {
    name: "stored",
    sha256: hash("sha256", stored),
    created: "2026-01-01T00:00:00Z",
  };
  home.write(".local/state/openai-relay/tokens.json", { version: 1, tokens: [digest] });
  home.write("project/package.json", {});
  home.write("reports/keep", "");
  const crash = inputs.write("crash.cjs", crashing);
  const seen = createFolder();
  const script = tellingScript(seen.at("child"), `echo '${canaries.command}'`);
  const rules = [
    { name: "one", env: "RULE_KEY", paths: ["/v1/realtime*"] },
    { name: "two", command: [inputs.write("two", script, 0o700)], paths: ["/v1/models*"] },
    { name: "three", file: inputs.at("key"), paths: ["/v1/half*"] },
  ];
  const report = `--report-uncaught-exception --report-directory=${home.at("reports")}`;
  return {
    home,
    cwd: home.at("project"),
    seen: seen.path,
    env: {
      ...{ HOME: home.path, NODE_OPTIONS: `--require=${crash} ${report}` },
      ...{ OPENAI_API_KEY: key, OPENAI_ADMIN_KEY: admin, RULE_KEY: rule },
      ...{ RELAY_TOKENS: `${token},${plainToken}`, RELAY_KEYS: JSON.stringify(rules) },
      RELAY_POLICY_MODELS: "gpt-5*",
    },
    [Symbol.dispose]() {
      for (const folder of [home, inputs, seen]) folder[Symbol.dispose]();
    },
  };
}

const crashing = `process.once("SIGHUP", () => { throw new Error("staged"); });\n`;

/** Ends the relay by an error that nobody catches; gives the report that Node writes then. */
async function crash(relay: Running, home: Folder): Promise<string> {
  relay.child.kill("SIGHUP");
  await relay.ended;
  return filesBelow(home.at("reports")).find(({ where }) => where.endsWith(".json"))?.text ?? "";
}

/** Answers by path, and not always as it should; remembers all that it was sent. */
async function startOddUpstream() {
  let text = "";
  const upstream = await startRawUpstream((socket) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const [, kind] = /^\S+ \/v1\/(\w+)/.exec(chunk.toString("latin1")) ?? [];
      const key = /authorization: (.*)/i.exec(chunk.toString("latin1"))?.[1];
      const echo = `Incorrect API key provided: ${key}`;
      if (kind === "reset") socket.destroy();
      else if (kind === "garbage") socket.end(`HTTP/1.1 ${key} ${key}\r\n${key}\r\n\r\n`);
      else if (kind === "half") socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${key}`);
      else
        socket.write(
          `HTTP/1.1 401 ${key}\r\nx-echo: ${key}\r\nContent-Length: ${echo.length}\r\n\r\n${echo}`,
        );
    });
  });
  return Object.assign(upstream, { text: () => text });
}
