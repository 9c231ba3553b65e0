import { existsSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { createCertificates } from "./support/certificates.ts";
import { runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const own = createCertificates();
afterAll(() => own[Symbol.dispose]());
const ownTls = ["--tls-cert", own.settings.tlsCert, "--tls-key", own.settings.tlsKey];

const call = `
  const { hostname, port } = new URL(process.env.OPENAI_BASE_URL);
  const headers = { authorization: "Bearer " + process.env.OPENAI_API_KEY };
  const answer = await fetch("https://" + hostname + ":" + port + "/v1/models", { headers });
  const { NODE_EXTRA_CA_CERTS: node = "", SSL_CERT_FILE: others = "" } = process.env;
  console.log(JSON.stringify({ status: answer.status, node, others }));`;
const node = ["--", process.execPath, "--input-type=module", "-e", call];

async function runTls(home: Folder, args: string[], env: NodeJS.ProcessEnv = {}) {
  const options = { env: { HOME: home.path, ...env } };
  const { code, stdout, stderr } = await runCommand(["run", "--mock", ...args, ...node], options);
  expect(stderr).toMatch(/^relay: 1 call, \d/);
  expect(code).toBe(0);
  return JSON.parse(stdout) as { status: number; node: string; others: string };
}

test("clients trust the certificate that relay tls made", async () => {
  using home = createFolder();
  const made = await runCommand(["tls"], { env: { HOME: home.path } });

  const { status, node, others } = await runTls(home, []);

  expect(status).toBe(200);
  expect(made.stdout).toBe(`NODE_EXTRA_CA_CERTS=${node}\n`);
  expect(made.stderr).toContain(`SSL_CERT_FILE=${others}\n`);
});

test("what clients trust already stays trusted beside it; nothing of it is left behind", async () => {
  using home = createFolder();
  const other = createCertificates();
  using _ = other;
  await runCommand(["tls"], { env: { HOME: home.path } });
  const env = { NODE_EXTRA_CA_CERTS: other.caFile, SSL_CERT_FILE: other.caFile };

  const { status, node, others } = await runTls(home, [], { ...env, TMPDIR: home.path });

  expect(status).toBe(200);
  for (const file of [node, others]) {
    expect(file.startsWith(home.path)).toBe(true);
    expect(existsSync(file)).toBe(false);
  }
});

test("a user's own certificate is trusted without its key", async () => {
  using home = createFolder({ "both.pem": own.key + own.cert });
  const env = { NODE_EXTRA_CA_CERTS: own.caFile };

  const { status, node, others } = await runTls(home, ["--tls-cert", home.at("both.pem")], env);

  expect(status).toBe(200);
  expect(node).not.toBe(own.caFile);
  expect(node).not.toBe(home.at("both.pem"));
  expect(others).toBe("");
});

test("without TLS the variables are what they were", async () => {
  using home = createFolder();
  const script = 'echo "$NODE_EXTRA_CA_CERTS,$SSL_CERT_FILE"';
  const env = { HOME: home.path, NODE_EXTRA_CA_CERTS: own.caFile };

  const args = ["run", "--mock", "--tls", "off", ...ownTls, "--", "sh", "-c", script];

  expect((await runCommand(args, { env })).stdout).toBe(`${own.caFile},\n`);
});
