import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import WebSocket from "ws";
import type { RelayUrl } from "../client/relay-url.ts";
import { RelayError } from "../errors.ts";
import type { HeaderList } from "../exchange.ts";
import { headerOf, toHeaderLines, without } from "../header-list.ts";
import { toUpstreamFailure } from "../upstream/failure.ts";
import { CurlError, toCurlError } from "./failure.ts";
import type { CurlOptions } from "./options.ts";
import { formatHead, marked } from "./print.ts";
import type { Remarks } from "./remarks.ts";
import type { Sink } from "./sink.ts";

type Session = {
  relay: RelayUrl;
  target: string;
  headers: HeaderList;
  options: CurlOptions;
  output: Sink;
  remarks: Remarks;
  /** Whom to trust where that relay speaks TLS. */
  ca: string[] | undefined;
  /** The relay is part of this program: what it fails at, the program fails at. */
  isOwn: boolean;
};

/** Bytes that may wait to be sent before no more lines are read. */
const backlog = 1_000_000;

/** Opens a WebSocket and talks until either side has had enough. */
export function converse(session: Session): Promise<void> {
  const { relay, options, output, remarks, isOwn } = session;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const show = (text: string) => options.verbose && remarks.say(text);
  const socket = open(session);
  const timer = options.maxTime
    ? setTimeout(() => reject(new CurlError(28, "Timed out")), options.maxTime * 1000)
    : undefined;

  socket.on("upgrade", ({ rawHeaders }: IncomingMessage) =>
    show(marked("<", formatHead(101, "Switching Protocols", rawHeaders))),
  );
  socket.on("unexpected-response", (_request, answer) => {
    refusalOf(answer, output, isOwn).then(reject, reject);
  });
  socket.on("error", (error) => reject(toCurlError(toUpstreamFailure(error, relay.origin), false)));
  socket.on("open", () => {
    sendLines(socket, show);
    socket.on("close", (code, reason) => closed(code, `${code} ${reason}`.trim()));
  });
  socket.on("message", (data: Buffer, isBinary) => {
    show(`< ${isBinary ? "binary" : "text"} frame, ${data.length} bytes\n`);
    if (!output.write(Buffer.concat([data, Buffer.from("\n")]))) socket.pause();
  });
  output.onDrain = () => socket.resume();
  output.onError = reject;
  for (const kind of ["ping", "pong"] as const)
    socket.on(kind, (data) => show(`< ${kind} frame, ${data.length} bytes\n`));

  function closed(code: number, what: string): void {
    if (![1000, 1001, 1005].includes(code))
      reject(new CurlError(56, `The WebSocket was closed with ${what}`));
    else if (!options.silent) remarks.say(`closed: ${what}\n`);
    resolve();
  }

  return promise.finally(() => {
    clearTimeout(timer);
    socket.terminate();
    // Nobody sends what is still to come.
    process.stdin.destroy();
  });
}

function open({ relay, target, headers, options, remarks, ca }: Session): WebSocket {
  const own = without(headers, /^(?:host|sec-websocket-protocol)$/i);
  const protocols = headerOf(headers, "sec-websocket-protocol")?.split(/\s*,\s*/) ?? [];
  if (options.verbose) {
    const shown = without(headers, /authorization|key|token|^host$/i);
    remarks.say(marked(">", `GET ${target} HTTP/1.1\r\n${toHeaderLines(shown)}\r\n`));
  }
  return new WebSocket(relay.origin.replace(/^http/, "ws") + target, protocols, {
    headers: toRecord(own),
    perMessageDeflate: false,
    maxPayload: 0,
    ...(ca && { ca }),
    ...(relay.socketPath && { createConnection: () => connect(relay.socketPath!) }),
    ...(options.connectTimeout && { handshakeTimeout: options.connectTimeout * 1000 }),
  });
}

/** A line is a message; the end of the input closes the WebSocket. */
function sendLines(socket: WebSocket, show: (text: string) => void): void {
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", (line) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    show(`> text frame, ${Buffer.byteLength(line)} bytes\n`);
    // On the stream: readline, once it has ended, takes no more orders.
    socket.send(line, () => process.stdin.resume());
    if (socket.bufferedAmount > backlog) process.stdin.pause();
  });
  lines.on("close", () => {
    if (socket.readyState !== WebSocket.OPEN) return;
    show("> close frame, 1000\n");
    socket.close(1000);
  });
}

/** An answer instead of a WebSocket: its body is printed, and the call has failed. */
async function refusalOf(answer: IncomingMessage, output: Sink, isOwn: boolean): Promise<Error> {
  const body = await text(answer);
  const code = headerOf(answer.rawHeaders, "x-relay-error") ?? "";
  if (isOwn && code.startsWith("upstream_")) {
    const { message } = JSON.parse(body).error;
    return toCurlError(new RelayError(message, { status: 502, code }), false);
  }
  output.write(body);
  return new CurlError(
    22,
    `The WebSocket was refused: ${answer.statusCode} ${answer.statusMessage}`,
  );
}

/** The header lines as node:http takes them; a name that repeats, in any spelling, keeps all its values. */
function toRecord(headers: HeaderList): Record<string, string[]> {
  const lines = new Map<string, [name: string, values: string[]]>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const [, values] = lines.get(name.toLowerCase()) ?? [];
    if (values) values.push(headers[i + 1]!);
    else lines.set(name.toLowerCase(), [name, [headers[i + 1]!]]);
  }
  return Object.fromEntries(lines.values());
}
