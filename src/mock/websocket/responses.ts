import type { WebSocket } from "ws";
import type { Answerer, Exchange } from "../../exchange.ts";
import { Refusal } from "../refusal.ts";
import { parsed } from "../spoken.ts";
import { type Event, EventReply } from "./event-reply.ts";
import { toError } from "./to-error.ts";

/** Messages that may wait while a response is made: they are answered one after the other. */
const mostWaiting = 8;

type Answerers = {
  answer: Answerer;
  /** Answers what only warms up, which no setting slows down, limits or scripts. */
  warmUp: Answerer;
};

/**
 * Responses over WebSocket: each `response.create` is answered as the same request is over HTTP, each event of
 * its stream is a message.
 */
export function converseInResponses(
  socket: WebSocket,
  handshake: Exchange,
  { answer, warmUp }: Answerers,
): void {
  const waiting: string[] = [];
  let current: EventReply | undefined;

  socket.on("message", (data) => {
    if (waiting.length < mostWaiting) waiting.push(String(data));
    else tell(tooMany());
    if (!current) next();
  });
  socket.on("close", () => {
    waiting.length = 0;
    current?.gone();
  });

  function next(): void {
    current = undefined;
    const message = waiting.shift();
    if (message === undefined) return;
    try {
      ask((parsed(message) ?? {}) as Event);
    } catch (cause) {
      tell(cause);
      next();
    }
  }

  function ask({ type, generate, stream_id, background: _, ...body }: Event): void {
    if (type !== "response.create") throw unknownType(type);
    const warmsUp = generate === false;
    const edit = (event: Event) => {
      const kept = warmsUp ? onlyFrame(event) : event;
      return kept && typeof stream_id === "string" ? { ...kept, stream_id } : kept;
    };
    current = new EventReply({ socket, edit, done: next });
    (warmsUp ? warmUp : answer)(toExchange(handshake, body), current);
  }

  function tell(cause: unknown): void {
    const status = cause instanceof Refusal ? cause.status : 500;
    socket.send(JSON.stringify({ type: "error", status, error: toError(cause) }));
  }
}

function tooMany(): Refusal {
  const message = `At most ${mostWaiting} messages may wait for the response before them.`;
  return new Refusal(429, message, { code: "too_many_requests" });
}

function unknownType(type: unknown): Refusal {
  const what = typeof type === "string" ? `'${type}'` : "a message without a type";
  const message = `Expected an event of type 'response.create', but got ${what}.`;
  return new Refusal(400, message, { code: "invalid_value", param: "type" });
}

function toExchange(handshake: Exchange, fields: Event): Exchange {
  const body = Buffer.from(JSON.stringify({ ...fields, stream: true }));
  return {
    ...handshake,
    method: "POST",
    target: "/v1/responses",
    headers: ["content-type", "application/json"],
    body,
    bodyLength: body.length,
    startedAt: performance.now(),
    bytesIn: body.length,
  };
}

/** Of a response that only warms up: that it began, and that it ended without output. */
function onlyFrame(event: Event): Event | undefined {
  if (event.type === "error") return event;
  if (event.type === "response.created") return { ...event, sequence_number: 0 };
  if (!/^response\.(?:completed|incomplete)$/.test(String(event.type))) return undefined;
  const { usage, ...response } = event.response as { usage: Event };
  const spent = { ...usage, output_tokens: 0, total_tokens: usage.input_tokens };
  const ended = { status: "completed", incomplete_details: null, output: [], usage: spent };
  return { type: "response.completed", sequence_number: 1, response: { ...response, ...ended } };
}
