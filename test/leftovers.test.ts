import type { RequestListener } from "node:http";
import { setImmediate } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { expect, test } from "vitest";
import { HttpReply } from "../src/server/reply.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

test("after many abandoned and broken exchanges nothing is left behind", {
  timeout: 30_000,
}, async () => {
  const left: RequestListener = (req, res) => {
    if (req.url === "/v1/silent") return;
    res.write("data: 1\n\n");
    if (req.url === "/v1/broken") setTimeout(() => req.socket.destroy(), Math.random() * 5);
  };
  await using upstream = await startUpstream(left);
  await using relay = await startRelay({ upstream: upstream.url });
  const before = resources();

  for (let round = 0; round < 6; round++) {
    const paths = ["silent", "streaming", "broken"];
    const clients = Array.from({ length: 40 }, async (_, i) => {
      using client = await rawConnection(
        relay.port,
        `GET /v1/${paths[i % 3]} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      );
      if (i % 3 > 0) await client.until("\r\n\r\n");
      if (i % 3 === 2) await client.closed();
    });
    await Promise.all(clients);
  }
  const endings = new Set<string>();
  for (let i = 0; i < 240; i++) {
    const { ending, error } = await relay.nextOutcome();
    endings.add(`${ending} ${error?.code}`);
  }

  expect(relay.live).toBe(0);
  expect(endings).toEqual(new Set(["client_left undefined", "upstream_broke upstream_reset"]));
  // Not expect.poll: it has a timer of its own. So has the test runner, now and then.
  const isMore = () => {
    const { sockets, timers } = resources();
    return sockets > before.sockets || timers > before.timers;
  };
  const until = performance.now() + 10_000;
  while (isMore() && performance.now() < until) await setImmediate();
  expect(isMore()).toBe(false);
  // An error holds on to what was on the stack where it arose.
  relay.outcomes.length = 0;
  expect(queryObjects(HttpReply, { format: "count" })).toBeLessThan(20);
});

/** How many sockets and timers keep this process alive. */
function resources() {
  const names = process.getActiveResourcesInfo();
  return {
    sockets: names.filter((name) => name === "TCPSocketWrap").length,
    timers: names.filter((name) => name === "Timeout").length,
  };
}
