import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createCertificates } from "./support/certificates.ts";
import { startProgram } from "./support/command.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const certificates = createCertificates();
afterAll(() => certificates[Symbol.dispose]());

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** Runs a program against a relay with TLS; `PORT` in its arguments is the relay's. */
async function runClient(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
  behind: Parameters<typeof startRelay>[0] = { mock: true },
) {
  await using relay = await startRelay({ ...behind, ...certificates.settings });
  const filled = args.map((arg) => arg.replaceAll("PORT", `${relay.port}`));
  await using client = startProgram(file, filled, { env, cwd: root });
  return await client.ended;
}

const sdk = `
  import OpenAI from "openai";
  const openai = new OpenAI({ apiKey: "relay", baseURL: "https://localhost:PORT/v1", maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    model: "gpt-5", stream: true, messages: [{ role: "user", content: "Hello" }],
  });
  let chunks = 0;
  for await (const chunk of stream) chunks += chunk.choices.length;
  console.log("chunks:", chunks);
`;

test("the openai SDK streams over https:// once it trusts the authority", async () => {
  const args = ["--input-type=module", "--eval", sdk];

  const trusting = await runClient(process.execPath, args, {
    NODE_EXTRA_CA_CERTS: certificates.caFile,
  });
  const wary = await runClient(process.execPath, args);

  expect(trusting.stdout).toMatch(/^chunks: [1-9]/);
  expect(wary.code).toBe(1);
  expect(wary.stderr).toContain("APIConnectionError");
});

const realtime = `
  import OpenAI from "openai";
  import { MODULE as Realtime } from "openai/realtime/FILE";
  const openai = new OpenAI({ apiKey: "relay", baseURL: "http://127.0.0.1:PORT/v1" });
  const session = new Realtime({ model: "gpt-realtime" }, openai);
  session.on("error", (error) => { throw error; });
  session.on("session.created", (event) => {
    console.log(session.url.protocol, event.type);
    session.close();
  });
`;

test.each([
  ["OpenAIRealtimeWS", "ws"],
  ["OpenAIRealtimeWebSocket", "websocket"],
])(
  "%s of the openai SDK, which dials wss:// at an http:// base URL, gets through",
  async (name, file) => {
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => socket.send(JSON.stringify({ type: "session.created" })),
    });
    const script = realtime.replace("MODULE", name).replace("FILE", file);

    const { stdout, stderr } = await runClient(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { NODE_EXTRA_CA_CERTS: certificates.caFile },
      { upstream: upstream.url },
    );

    expect({ stdout, stderr }).toEqual({ stdout: "wss: session.created\n", stderr: "" });
    const [handshake] = upstream.handshakes;
    expect(handshake?.url).toBe("/v1/realtime?model=gpt-realtime");
    expect(handshake?.headers.authorization).toBe(`Bearer ${testKey}`);
  },
);

test.each(["localhost", "127.0.0.1", "[::1]"])(
  "curl accepts the certificate for %s",
  async (host) => {
    const url = `https://${host}:PORT/v1/models`;

    const { code, stdout } = await runClient("curl", ["-sS", "--cacert", certificates.caFile, url]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ object: "list" });
  },
);

const python = `
import json, ssl, urllib.request
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT
with urllib.request.urlopen("https://localhost:PORT/v1/models", context=context) as answer:
    print(json.load(answer)["object"])
`;

test.skipIf(!hasPython)("Python takes it from SSL_CERT_FILE, strictly too", async () => {
  const env = { SSL_CERT_FILE: certificates.caFile };

  const { stdout, stderr } = await runClient("python3", ["-c", python], env);

  expect({ stdout, stderr }).toEqual({ stdout: "list\n", stderr: "" });
});

test("OpenSSL finds nothing to complain of, even when strict", () => {
  const file = certificates.settings.tlsCert;
  const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost"];

  const said = execFileSync("openssl", [...args, "-CAfile", certificates.caFile, file]);

  expect(`${said}`).toBe(`${file}: OK\n`);
});
