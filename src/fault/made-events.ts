import { closingEvent } from "../closing-event.ts";

/** The two families of streams: those whose events have names, and chat, whose events have none. */

const message = "The server had an error while processing your request, on purpose.";

/** An error in a stream, behind `place` events: both SDKs throw at it. */
export function errorEvent(hasNames: boolean, place: number): Buffer {
  const error = { type: "server_error", code: "server_error", message, param: null };
  return hasNames
    ? toEvent({ ...error, type: "error", sequence_number: place }, "error")
    : toEvent({ error });
}

/** What an API may begin to send any day. */
export function unknownEvent(hasNames: boolean, place: number): Buffer {
  return hasNames
    ? toEvent({ type: "relay.unknown", sequence_number: place }, "relay.unknown")
    : toEvent({ object: "relay.unknown", choices: [] });
}

/** Whether an event says that its stream is complete. */
export function isClosing(event: Buffer): boolean {
  return closingEvent.test(event.toString("latin1", 0, 128));
}

function toEvent(value: object, name?: string): Buffer {
  return Buffer.from(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(value)}\n\n`);
}
