import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryMiB } from "./bench/process.ts";
import { type LargeUpstream, startLargeUpstream } from "./soak/large.ts";
import { download, upload } from "./soak/transfers.ts";
import { startCommand } from "./support/command.ts";

// (`npm run soak -- --sizes` does it with 1 GiB.)

const size = 256 * 2 ** 20;

let upstream: LargeUpstream;
beforeAll(async () => {
  upstream = await startLargeUpstream();
});
afterAll(() => upstream[Symbol.asyncDispose]());

test.skipIf(process.platform !== "linux").each([
  ["upload of known length", (port: number) => upload(port, size, true)],
  ["chunked upload", (port: number) => upload(port, size, false)],
  ["download", (port: number) => download(port, size)],
])("a large %s takes little memory", { timeout: 60_000 }, async (_, transfer) => {
  const args = ["start", "--no-config", "--json", "--quiet", "--port", "0"];
  const to = ["--upstream", `http://127.0.0.1:${upstream.port}`];
  await using relay = startCommand([...args, ...to], { env: { OPENAI_API_KEY: "sk-test" } });
  const [line] = await relay.until("stdout", /^\{.*\}$/m);
  const { port } = JSON.parse(line) as { port: number };
  const { pid } = relay.child;
  // What is loaded for the first request does not count.
  await download(port, 1);
  const before = memoryMiB(pid, "VmRSS")!;

  const isWhole = await transfer(port);

  expect(isWhole).toBe(true);
  expect(memoryMiB(pid, "VmHWM")! - before).toBeLessThan(61);
});
