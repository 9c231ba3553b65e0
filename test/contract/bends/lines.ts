import { testKey } from "../../support/relay.ts";
import { type Bend, firstOf, merged, onLines, sorted, toLines, toUtf8, without } from "./bend.ts";

/** What proxies do to the header lines of requests. */
export const lineBends: Bend[] = [
  bend("drops a header line", (lines) => without(lines, /^idempotency-key$/i)),
  bend("drops a header line that it does not know", (lines) => without(lines, /^zeta$/i)),
  bend("sorts header lines", sorted),
  bend("reverses header lines", (lines) => lines.toReversed()),
  bend("joins duplicate header lines", (lines) => merged(lines, (a, b) => `${a}, ${b}`)),
  bend("keeps the last of duplicate header lines", (lines) => merged(lines, (_a, b) => b)),
  bend("lower-cases names", (lines) => lines.map(([name, value]) => [name.toLowerCase(), value])),
  bend("capitalises names", (lines) =>
    lines.map(([name, value]) => [name.replace(/\b[a-z]/g, (c) => c.toUpperCase()), value]),
  ),
  bend("drops lines without a value", (lines) => lines.filter(([, value]) => value !== "")),
  bend("squeezes spaces in values", (lines) =>
    lines.map(([name, value]) => [name, value.replaceAll(/ +/g, " ")]),
  ),
  bend("folds latin-1 into UTF-8", (lines) => lines.map(([name, value]) => [name, toUtf8(value)])),
  bend("drops bytes beyond ASCII", (lines) =>
    lines.map(([name, value]) => [name, value.replaceAll(/[\x80-\xff]/g, "")]),
  ),
  bend("adds Accept-Encoding", (lines) => [...lines, ["Accept-Encoding", "gzip"]]),
  bend("takes Accept-Encoding away", (lines) => without(lines, /^accept-encoding$/i)),
  bend("adds User-Agent where there is none", (lines) =>
    firstOf(lines, "user-agent") ? lines : [...lines, ["User-Agent", "relay"]],
  ),
  bend("adds itself to User-Agent", (lines) =>
    lines.map(([n, v]) => [n, /^user-agent$/i.test(n) ? `${v} relay/1` : v]),
  ),
  bend("adds Accept where there is none", (lines) =>
    firstOf(lines, "accept") ? lines : [["Accept", "*/*"], ...lines],
  ),
  bend("adds an id of its own", (lines) => [...lines, ["X-Request-Id", "1"]]),
  bend("adds Content-Type to requests without a body", (lines) =>
    firstOf(lines, "content-type") ? lines : [...lines, ["Content-Type", "application/json"]],
  ),
  bend("changes OpenAI-Beta", (lines) =>
    lines.map(([n, v]) => [n, /^openai-beta$/i.test(n) ? `${v}, realtime=v1` : v]),
  ),
  bend("loses Range", (lines) => without(lines, /^range$/i)),
  bend("takes away what Connection did not name", (lines) => [["Connection", "X-A"], ...lines]),
  wire("adds Via", (head) => `${head}Via: 1.1 relay\r\n`),
  wire("adds X-Forwarded-For", (head) => `${head}X-Forwarded-For: 127.0.0.1\r\n`),
  passing("passes Cookie", /^cookie$/i),
  passing("passes Sec-Fetch-*", /^sec-fetch-/i),
  passing("passes X-Relay-*", /^x-relay-/i),
  passing("passes X-Forwarded-*", /^x-forwarded-/i),
  passing("passes what Connection names", /^x-hop$/i),
  passing("passes TE", /^te$/i),
  passing("passes Proxy-Authorization", /^proxy-authorization$/i),
  passing("appends Authorization instead of replacing it", /^authorization$/i),
  wire("moves Authorization to the end", (head) => {
    const line = /^authorization: .*\r\n/im.exec(head)?.[0] ?? "";
    return head.replace(line, "") + line;
  }),
  wire("replaces ephemeral secrets", (head) => head.replace(/Bearer ek_\w+/, `Bearer ${testKey}`)),
  wire("sends no Content-Type where none came", (head) =>
    head.replace(
      /\r\ncontent-type: application\/json\r\ncontent-length: 2\r\n/i,
      "\r\ncontent-length: 2\r\n",
    ),
  ),
  wire("passes the client's Host", (head) => head.replace(/^host: .*/im, "host: localhost")),
];

function bend(name: string, change: Parameters<typeof onLines>[0]): Bend {
  return { name: `request: ${name}`, shows: "request headers", inside: onLines(change) };
}

function wire(name: string, up: (head: string) => string): Bend {
  return { name: `request: ${name}`, shows: "request headers", up };
}

/** Sends lines on that the relay strikes out. */
function passing(name: string, lines: RegExp): Bend {
  let kept = "";
  return {
    ...wire(name, (head) => head + kept),
    inside: (next) => (exchange, reply) => {
      const passed = toLines(exchange.headers).filter(([n]) => lines.test(n));
      kept = passed.map(([n, value]) => `${n}: ${value}\r\n`).join("");
      next(exchange, reply);
    },
  };
}
