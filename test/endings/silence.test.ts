import type { Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { rawConnection } from "../support/raw.ts";
import { startRelay } from "../support/relay.ts";
import { onHead, startRawUpstream } from "../support/upstream.ts";
import { watchTimers } from "./timers.ts";

// Twenty minutes of silence are normal. Nothing can end them while no timer is armed, whosever it is.
// (`npm run soak -- --silence 20.2` waits for them.)

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const switching = "HTTP/1.1 101 Hi\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const post = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const upgrade = `${get}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`;

type Silence = {
  request: string;
  /** What upstream says, and the client gets, before it falls silent. */
  before: string;
  after: string;
};

const silences: Record<string, Silence> = {
  "before the head": { request: `${get}\r\n`, before: "", after: chunked },
  "before the head, with a body sent": {
    request: `${post}Content-Length: 2\r\n\r\n{}`,
    before: "",
    after: chunked,
  },
  "before the head, with a large body sent": {
    request: `${post}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
    before: "",
    after: chunked,
  },
  "in a stream": { request: `${get}\r\n`, before: `${chunked}3\r\none\r\n`, after: "3\r\ntwo\r\n" },
  "in a stream that answers a large body": {
    request: `${post}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
    before: `${chunked}3\r\none\r\n`,
    after: "3\r\ntwo\r\n",
  },
  "in a WebSocket": {
    request: `${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    before: switching,
    after: "hello",
  },
};

const timers = watchTimers();
afterAll(() => timers[Symbol.dispose]());

/** Looks for heads that do not come, once for each address; it is not about those that came. */
const ofServer = [2_000, 2_000];

test.each(Object.entries(silences))(
  "by default no timer is armed in a silence %s",
  async (_, silence) => {
    const { armed } = await fallSilent(silence, {}, ofServer);

    expect(armed).toEqual(ofServer);
  },
);

test.each([
  ["head", "before the head"],
  ["idle", "in a stream"],
  ["total", "in a stream"],
])("a timer of timeouts.%s is seen in a silence %s", async (setting, when) => {
  const { armed } = await fallSilent(silences[when]!, { [`timeouts.${setting}`]: "20m" }, []);

  expect(armed.length).toBeGreaterThan(ofServer.length);
});

/** Has a call answered up to its silence and beyond it; tells what was armed in it. */
async function fallSilent(
  { request, before, after }: Silence,
  settings: Record<string, string>,
  expected: readonly number[],
) {
  const asked = Promise.withResolvers<Socket>();
  await using upstream = await startRawUpstream((socket) =>
    onHead(socket, () => socket.write(before, () => asked.resolve(socket))),
  );
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  using client = await rawConnection(relay.port, request);
  const socket = await asked.promise;
  await client.until(before.slice(before.indexOf("\r\n\r\n") + 4));

  const armed = await timers.settled(expected);
  socket.write(after);
  await client.until(after.slice(-5));
  return { armed };
}
