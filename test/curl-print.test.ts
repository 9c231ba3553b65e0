import { expect, test, vi } from "vitest";
import { runCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

vi.setConfig({ testTimeout: 20_000 });

const env = { OPENAI_API_KEY: testKey, OPENAI_ADMIN_KEY: "sk-admin-test" };
const files = { "body.json": '{"a":1}', "it's a file": "text" };

/** What `--print-curl` prints, and what arrives when a shell runs that line. */
async function printed(args: string[], upstream: Upstream, more: NodeJS.ProcessEnv = {}) {
  using folder = createFolder(files);
  const options = { cwd: folder.path, env: { ...env, ...more } };
  const { code, stdout, stderr } = await runCommand(
    ["curl", "--no-config", "--print-curl", ...args],
    options,
  );
  expect({ code, stderr, seen: upstream.seen.length }).toEqual({ code: 0, stderr: "", seen: 0 });

  await startProgram("sh", ["-c", stdout.replace(/^curl/, "curl -q")], options).ended;
  await runCommand(["curl", "--no-config", ...args], options);
  const [pasted, own] = upstream.seen.map(({ method, url, rawHeaders, body }) => {
    const headers: string[] = [];
    for (let i = 0; i < rawHeaders.length; i += 2)
      if (!/^(user-agent|connection|expect)$/i.test(rawHeaders[i]!))
        headers.push(`${rawHeaders[i]!.toLowerCase()}: ${rawHeaders[i + 1]}`);
    const text = [method, url, ...headers.sort(), body.toString()].join("\n");
    return text.replace(/-{24}\w+/g, "BOUNDARY");
  });
  return { line: stdout, pasted, own };
}

test.for([
  [["models"]],
  [["-sS", "-X", "PATCH", "-H", "X-A: it's", "-d", "a=$HOME `x`", "/v1/x?a[]={1}"]],
  [["--json", "@body.json", "responses", "--beta", "assistants=v2", "-H", "OpenAI-Beta: mine"]],
  [["-F", "file=@it's a file;type=a/b", "-F", "a=b", "files", "--organization", "org-1"]],
  [["-T", "body.json", "files", "--project", "proj_1"]],
  [["-G", "--data-urlencode", "a=b c", "models", "-H", "Accept:"]],
  [["-I", "-A", "me/1", "--url", "models"]],
  [["-H", "Authorization: Bearer sk-typed", "models"]],
  [["/v1/organization/users"]],
  [["--auth-header", "api-key", "models", "-H", "api-key: sk-typed"]],
])("the line for %j sends the same", async ([args]) => {
  await using upstream = await startUpstream();

  const { line, pasted, own } = await printed(["--upstream", upstream.url, ...args!], upstream);

  expect(pasted).toBe(own);
  expect(line).toMatch(/^curl .*\n$/);
  expect(line).not.toMatch(/sk-/);
});

test("a credential that was typed and stays is not shown, whatever the name of its header", async () => {
  const typed = ["-H", "Authorization: Bearer ek_secret", "-H", "my`id`-token: secret"];
  const args = ["--auth", "passthrough", "--print-curl", ...typed, "models"];

  const { stdout } = await runCommand(["curl", "--no-config", ...args]);

  expect(stdout).toBe(
    'curl -H "Authorization: Bearer $OPENAI_API_KEY" ' +
      "-H 'my`id`-token: '\"$OPENAI_API_KEY\" https://api.openai.com/v1/models\n",
  );
});

test("through a relay that asks for a token", async () => {
  const token = "a-token-of-the-relay";
  await using upstream = await startUpstream();
  await using relay = await startRelay(
    { upstream: upstream.url, requireToken: true },
    { env: { RELAY_TOKENS: token } },
  );

  const args = ["--relay", relay.url, "--json", "{}", "responses"];
  const { line, pasted, own } = await printed(args, upstream, { RELAY_TOKENS: token });

  expect(pasted).toBe(own);
  expect(line).not.toContain(token);
});

test("what the settings say of the way stands in the line, without the proxy's password", async () => {
  using folder = createFolder({ "ca.pem": "" });
  const way = ["--cacert", folder.at("ca.pem"), "-x", "http://me:secret@proxy.test:3128"];

  const { stdout } = await runCommand(["curl", "--no-config", "--print-curl", ...way, "models"]);
  const direct = await runCommand(["curl", "--no-config", "--print-curl", "--proxy", "off", "x"]);

  expect(stdout).toBe(
    `curl --cacert ${folder.at("ca.pem")} -x http://proxy.test:3128/ ` +
      '-H "Authorization: Bearer $OPENAI_API_KEY" https://api.openai.com/v1/models\n',
  );
  expect(direct.stdout).toContain("--noproxy '*' ");
});

test("nothing is read of what would be sent", async () => {
  const args = ["--print-curl", "-d", "@missing", "-T-", "models"];

  const { stdout } = await runCommand(["curl", "--no-config", ...args]);

  expect(stdout).toMatch(/^curl -d @missing -T - /);
});
