import type { HeaderList } from "../exchange.ts";
import { ExitError } from "../exit.ts";
import type { Call, HeaderPairs } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";

/** A request as it was, but for what belongs to its connection. */
export type Recorded = {
  /** The id of the call. */
  again: string;
  method: string;
  target: string;
  headers: HeaderList;
  body: Buffer;
};

/** Lines of a connection, of a way that is another one now, or that the relay makes anew. */
const ofConnection =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|content-length|upgrade|expect|proxy-.*|x-relay-(?!tag$).*)$/i;

/** Reads the request of a captured call; refuses one that is not there as it was sent. */
export function readRequest(reader: Reader, call: Call): Recorded {
  const { seq, id, kind, method, bytesIn } = call;
  if (kind === "websocket")
    throw new ExitError(1, `Call ${seq} is a WebSocket: a conversation cannot be sent again.`);
  const heads = reader.heads(seq);
  if (!heads) {
    const next = 'Start the relay with "--capture", and make the call once more.';
    throw new ExitError(1, `Call ${seq} was not captured, so what it sent is not known. ${next}`);
  }
  const body = readBytes(reader, seq);
  if (body.length < bytesIn) {
    const kept = `${body.length} of its ${bytesIn} bytes were kept (captureBody, or a secret in it)`;
    throw new ExitError(1, `The request of call ${seq} is not whole: ${kept}. Nothing was sent.`);
  }
  return { again: id, method, target: heads.target, headers: toHeaders(heads.asked), body };
}

function readBytes(reader: Reader, seq: number): Buffer {
  return Buffer.concat(reader.slices(seq, "asked").slices.map(({ bytes }) => bytes));
}

function toHeaders(pairs: HeaderPairs): HeaderList {
  return pairs.filter(([name]) => !ofConnection.test(name)).flat();
}
