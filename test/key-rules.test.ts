import { describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { load, problemsOf } from "./support/settings.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

// Some tests start programs, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const variables = {
  ...{ OPENAI_API_KEY: "sk-usual", OPENAI_ADMIN_KEY: "sk-admin" },
  ...{ SECOND: "sk-second", AUDIO: "sk-audio", LARGE: "sk-large", BOTH: "sk-both" },
};
const second = { name: "second", env: "SECOND" };
const audio = { name: "audio", env: "AUDIO", paths: ["/v1/audio/*"] };
const large = { name: "large", env: "LARGE", models: ["gpt-4o*"] };
const both = { name: "both", env: "BOTH", paths: ["/v1/responses"], models: ["*-mini"] };

function startWith(upstream: { url: string }, keys: object[], env: NodeJS.ProcessEnv = variables) {
  const given = { ...env, RELAY_KEYS: JSON.stringify(keys) };
  return startRelay({ upstream: upstream.url, keychain: "false" }, { env: given });
}

function sent({ seen }: Upstream): string[] {
  return seen.map(({ headers }) => headers.authorization!.replace("Bearer ", ""));
}

describe("keys", () => {
  test("rules for nothing in particular take turns with the ordinary key", async () => {
    await using upstream = await startUpstream();
    await using relay = await startWith(upstream, [second, audio]);

    for (let i = 0; i < 4; i++) await fetch(`${relay.url}/v1/models`);

    expect(sent(upstream)).toEqual(["sk-usual", "sk-second", "sk-usual", "sk-second"]);
  });

  test("they do without an ordinary key", async () => {
    await using upstream = await startUpstream();
    const third = { name: "third", env: "AUDIO" };
    await using relay = await startWith(upstream, [second, third], {
      ...{ ...variables, OPENAI_API_KEY: "" },
    });

    for (let i = 0; i < 3; i++) await fetch(`${relay.url}/v1/models`);

    expect(sent(upstream)).toEqual(["sk-second", "sk-audio", "sk-second"]);
  });

  test("a path chooses, with or without /v1; admin operations keep the admin key", async () => {
    await using upstream = await startUpstream();
    const organization = { name: "organization", env: "SECOND", paths: ["/v1/organization/*"] };
    await using relay = await startWith(upstream, [audio, organization]);

    for (const path of ["/v1/audio/speech?x=/v1/x", "/audio/speech", "/v1/audio", "/v1/models"])
      await fetch(relay.url + path);
    await fetch(`${relay.url}/v1/organization/users`);

    expect(sent(upstream)).toEqual(["sk-audio", "sk-audio", "sk-usual", "sk-usual", "sk-admin"]);
  });

  test("a model chooses, and the first rule that matches wins", async () => {
    await using upstream = await startUpstream();
    await using relay = await startWith(upstream, [both, large]);
    const ask = (path: string, model: string) => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ input: "hello", model });
      return fetch(relay.url + path, { method: "POST", headers, body });
    };

    await ask("/v1/responses", "gpt-4o");
    await ask("/v1/responses", "gpt-4o-mini");
    await ask("/v1/embeddings", "gpt-4o-mini");
    await ask("/v1/responses", "gpt-5");

    expect(sent(upstream)).toEqual(["sk-large", "sk-both", "sk-large", "sk-usual"]);
    expect(upstream.seen[0]!.body.toString()).toBe('{"input":"hello","model":"gpt-4o"}');
  });

  test("the model of a WebSocket chooses as well", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startWith(upstream, [{ ...large, models: ["gpt-realtime*"] }]);

    const socket = new WebSocket(
      `${relay.url.replace("http", "ws")}/v1/realtime?model=gpt-realtime`,
    );
    await new Promise((resolve) => socket.once("open", resolve));
    socket.terminate();

    expect(upstream.handshakes[0]!.headers.authorization).toBe("Bearer sk-large");
  });

  test("a rule whose key is missing is named to those who need it, and to nobody else", async () => {
    await using upstream = await startUpstream();
    await using relay = await startWith(upstream, [{ ...audio, env: "NOT_SET" }]);

    const refused = await fetch(`${relay.url}/v1/audio/speech`);

    expect(refused.status).toBe(401);
    expect(await messageOf(refused)).toContain("NOT_SET");
    expect((await fetch(`${relay.url}/v1/models`)).status).toBe(200);
  });

  test("files are meant from the config file's folder, commands run", async () => {
    using folder = createFolder({ "conf/audio.key": "sk-of-the-file" });
    const rules = [
      { name: "audio", file: "audio.key", paths: ["/v1/audio/*"] },
      { name: "files", command: ["echo", "sk-of-the-command"], paths: ["/v1/files*"] },
    ];
    folder.write("conf/relay.json", { keys: rules });
    const { config } = await load({ cwd: folder.path, config: "conf/relay.json" });
    await using upstream = await startUpstream();
    const env = { ...variables, PATH: process.env.PATH };
    await using relay = await startWith(upstream, config.keys, env);

    await fetch(`${relay.url}/v1/audio/speech`);
    await fetch(`${relay.url}/v1/files`);

    expect(config.keys[0]!.file).toBe(folder.at("conf/audio.key"));
    expect(sent(upstream)).toEqual(["sk-of-the-file", "sk-of-the-command"]);
  });

  test("the log names the rule, only where there are rules, and never a key", async () => {
    await using upstream = await startUpstream();
    const logOf = async (keys: object[]) => {
      const env = { ...variables, RELAY_KEYS: JSON.stringify(keys) };
      const args = ["start", "--port", "0", "--upstream", upstream.url];
      await using relay = startCommand(args, { env });
      const [, url] = await relay.until("stdout", /^(.*)\n/);
      for (const path of ["models", "audio/speech", "organization/users"])
        await fetch(`${url}/${path}`);
      relay.child.kill("SIGTERM");
      const { stderr } = await relay.ended;
      expect(stderr).not.toMatch(/sk-\w/);
      const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
      return lines.map((line) => JSON.parse(line).key);
    };

    expect(await logOf([audio])).toEqual(["default", "audio", "admin"]);
    expect(await logOf([])).toEqual([undefined, undefined, undefined]);
  });
});

test.each([
  ["no source", { name: "a" }, /keys\[0\].*exactly one of "file", "env" and "command"/],
  ["two sources", { name: "a", env: "A", file: "b" }, /exactly one/],
  ["no name", { env: "A" }, /keys\[0\]\.name/],
  ["a key for a name", { name: "sk-abcdefgh", env: "A" }, /keys\[0\]\.name.*a short name/],
  ["a path without slash", { ...audio, paths: ["v1/*"] }, /starts with "\/"/],
  ["no path at all", { ...audio, paths: [] }, /not empty/],
  ["what nobody knows", { ...audio, model: "x" }, /keys\[0\]/],
])("a rule with %s is refused", async (_what, rule, says) => {
  const problems = await problemsOf({ env: { RELAY_KEYS: JSON.stringify([rule]) } });

  expect(problems).toEqual([expect.stringMatching(says)]);
  expect(problems[0]).not.toContain("abcdefgh");
});

test("two rules of one name are refused", async () => {
  const env = { RELAY_KEYS: JSON.stringify([audio, { ...second, name: "audio" }]) };

  expect(await problemsOf({ env })).toEqual([expect.stringMatching(/unique names/)]);
});
