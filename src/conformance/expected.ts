import { allowed, type FormRule } from "./allowed.ts";
import { type Ask, isHandshake } from "./case.ts";
import type { Recording } from "./exchange.ts";
import { keyProtocolIn, toClientLines, toOpenAILines } from "./expected-lines.ts";
import { toForwarded } from "./expected-target.ts";
import { type Terms, usualTerms } from "./terms.ts";
import { type Framing, type Line, type Message, valuesOf } from "./wire.ts";

/** What is to arrive through the relay, as the table allows it. */
export type Expected = {
  requests: (Message & { host: string; protocol: string })[];
  interim: Message[];
  answer: (Message & { protocol: string }) | undefined;
};

/** What is to arrive at the upstream of ordinary requests that were seen without the relay. */
export function arriving(requests: Message[], key: string): Expected["requests"] {
  const direct = { requests, interim: [], answer: undefined };
  return expectedOf({ lines: [] }, direct, usualTerms(key)).requests;
}

/** Applies the table and the settings to what was seen without the relay. */
export function expectedOf(
  ask: Pick<Ask, "lines" | "version">,
  direct: Pick<Recording, keyof Expected>,
  terms: Terms,
): Expected {
  const { wishes, met, by } = terms;
  const isOld = ask.version === "1.0";
  return {
    requests: direct.requests.map(toRequest),
    interim: direct.interim.map((message) => ({
      ...message,
      lines: toClientLines(message.lines, met),
    })),
    answer: direct.answer && toAnswer(direct.answer),
  };

  function toRequest(message: Message): Expected["requests"][number] {
    const [asked = "", target = "", version] = message.first.split(" ");
    if (version !== "HTTP/1.1") form("white space");
    if (message.trailers.length > 0) form("request trailers");
    if (message.framing === "chunked") form("chunks");
    const forwarded = toForwarded(asked, target, terms);
    const { method, viaGet } = forwarded;
    if (forwarded.isChanged) form("path");
    const isTunnel = message.framing === "close";
    const hasBody = message.body.length > 0 || message.framing === "chunked";
    const circumstances = { isHandshake: isHandshake(ask), hasBody: hasBody && !isTunnel };
    const passed = toOpenAILines(message.lines, circumstances, terms);
    const lines = viaGet ? ranged(passed) : passed;
    return {
      ...message,
      first: `${method} ${forwarded.target} HTTP/1.1`,
      lines,
      trailers: [],
      host: valuesOf(message.lines, "host").join(),
      protocol: isHandshake(ask) ? "websocket" : "",
    };
  }

  function toAnswer(message: Message): NonNullable<Expected["answer"]> {
    const [version, code = "", ...words] = message.first.split(" ");
    if (version !== "HTTP/1.1") form("white space");
    if (message.framing === "chunked") form("chunks");
    const status = Number(code);
    const lines = toClientLines(message.lines, met);
    const chosen = keyProtocolIn(ask.lines);
    if (status === 101 && chosen && valuesOf(lines, "sec-websocket-protocol").length === 0) {
      form("subprotocol");
      lines.push(["Sec-WebSocket-Protocol", chosen]);
    }
    if (valuesOf(ask.lines, "sec-fetch-mode").includes("navigate")) {
      form("sandbox");
      lines.push(["Content-Security-Policy", "sandbox"]);
    }
    if (
      wishes.antiBuffering &&
      /^text\/event-stream/i.test(valuesOf(lines, "content-type")[0] ?? "")
    ) {
      by.add("antiBuffering");
      lines.push(["X-Accel-Buffering", "no"]);
    }
    return {
      ...message,
      first: `HTTP/1.1 ${code} ${words.join(" ")}`,
      lines: status === 204 ? withoutLength(lines, "no content") : lines,
      framing: status === 101 ? message.framing : toFraming(message.framing),
      protocol: status === 101 ? "websocket" : "",
      trailers: isOld ? [] : toClientLines(message.trailers, met),
    };
  }

  function toFraming(framing: Framing): Framing {
    if (framing !== "close" && !(isOld && framing === "chunked")) return framing;
    form("framing");
    return isOld ? "close" : "chunked";
  }

  function withoutLength(lines: Message["lines"], rule: FormRule["form"]): Message["lines"] {
    const kept = lines.filter(([name]) => name.toLowerCase() !== "content-length");
    if (kept.length < lines.length) form(rule);
    return kept;
  }

  function form(name: FormRule["form"]): void {
    met.add(allowed.find((rule) => "form" in rule && rule.form === name)!);
  }
}

/** The lines of a request for a file's first byte. */
function ranged(lines: Line[]): Line[] {
  const others = lines.filter(([name]) => !/^(?:if-)?range$/i.test(name));
  return [...others, ["Range", "bytes=0-0"]];
}
