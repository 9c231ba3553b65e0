import type { Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { runCommand } from "./support/command.ts";
import { startProxy } from "./support/proxy.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startRawUpstream } from "./support/upstream.ts";

// An attempt to connect that nobody waits for any more ends at once, not when its timeout is over.

vi.setConfig({ testTimeout: 20_000 });

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Connections that say nothing, and when they are let go. */
function silence() {
  const met = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  return {
    met: met.promise,
    left: left.promise,
    listen(socket: Socket) {
      socket.resume().on("error", () => {});
      // The sockets of a proxy stay half open.
      socket.on("end", () => socket.destroy()).on("close", () => left.resolve());
      met.resolve();
    },
  };
}

const request = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
/** Much longer than a test may take. */
const patient = { "timeouts.connect": "10m" };

test("in TLS", async () => {
  const peer = silence();
  await using upstream = await startRawUpstream(peer.listen);
  await using relay = await startRelay({
    upstream: `https://127.0.0.1:${upstream.port}`,
    ...patient,
  });
  {
    using _client = await rawConnection(relay.port, request);
    await peer.met;
  }

  await peer.left;
});

test("at a proxy that has not answered", async () => {
  const peer = silence();
  await using proxy = await startProxy({ to: 9, instead: peer.listen });
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  await using relay = await startRelay({ upstream: "https://api.openai.invalid", ...patient });
  {
    using _client = await rawConnection(relay.port, request);
    await peer.met;
  }

  await peer.left;
});

test("in TLS through a proxy", async () => {
  const peer = silence();
  await using upstream = await startRawUpstream(peer.listen);
  await using proxy = await startProxy({ to: upstream.port });
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  await using relay = await startRelay({ upstream: "https://api.openai.invalid", ...patient });
  {
    using _client = await rawConnection(relay.port, request);
    await peer.met;
  }

  await peer.left;
});

test("relay curl ends when its time is over", async () => {
  await using upstream = await startRawUpstream((socket) => void socket.resume());
  const where = ["--upstream", `https://127.0.0.1:${upstream.port}`, "models"];
  const began = performance.now();

  const { code } = await runCommand(["curl", "--no-config", "-m", "0.5", ...where], {
    env: { OPENAI_API_KEY: "sk-x" },
  });

  expect(code).toBe(28);
  // Its own limit for a connection is ten seconds.
  expect(performance.now() - began).toBeLessThan(8_000);
});
