import { Readable } from "node:stream";
import { RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, HeaderList, Reply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { asking } from "./asking.ts";
import { HidingReply } from "./hiding.ts";

/** Bytes of a body that are read at most: what is larger goes up as it came. */
const most = 64 * 1024 ** 2;

/** Lets chat streams tell their usage where the client did not ask for it, and hides that from the client. */
export function withIncludedUsage(next: Answerer): Answerer {
  return function answer(exchange, reply) {
    const { body, bodyLength = 0 } = exchange;
    if (!isChat(exchange) || body === null || bodyLength > most) next(exchange, reply);
    else if (Buffer.isBuffer(body)) ask(exchange, reply, body);
    else {
      collect(exchange, body)
        .then((whole) => {
          if (reply.over) return;
          if (whole) ask(exchange, reply, whole);
          else next(exchange, reply);
        })
        .catch((error) => reply.fail(error instanceof RelayError ? error : relayBug(error)));
    }
  };

  function ask(exchange: Exchange, reply: Reply, body: Buffer): void {
    const asked = asking(body);
    if (asked) exchange.headers = describing(exchange.headers, asked.length);
    // A body that came in chunks goes up in chunks.
    const bytes = asked ?? body;
    exchange.body = exchange.bodyLength === undefined ? Readable.from([bytes]) : bytes;
    next(exchange, asked ? new HidingReply(exchange, reply) : reply);
  }
}

/** Whether it is a call for a chat completion with a body that can be read. */
function isChat({ method, target, headers }: Exchange): boolean {
  if (method !== "POST" || !target.split("?", 1)[0]!.endsWith("/chat/completions")) return false;
  return /^(?:identity)?$/i.test((headerOf(headers, "content-encoding") ?? "").trim());
}

/** The whole body; `undefined`: it is too large, and goes up as it comes. */
async function collect(exchange: Exchange, body: Readable): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  const rest: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  let size = 0;
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    pieces.push(next.value);
    size += next.value.length;
    if (size > most) {
      exchange.body = Readable.from(joined(pieces, rest));
      return undefined;
    }
  }
  return Buffer.concat(pieces);
}

async function* joined(pieces: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces.splice(0);
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** The header lines that go with the longer body, and ask for an answer that can be read. */
function describing(headers: HeaderList, length: number): HeaderList {
  const lines = headers.map((text, i) => {
    if (i % 2 === 0) return text;
    const name = headers[i - 1]!.toLowerCase();
    if (name === "content-length") return String(length);
    return name === "accept-encoding" ? "identity" : text;
  });
  const isThere = headerOf(headers, "accept-encoding") !== undefined;
  return isThere ? lines : [...lines, "Accept-Encoding", "identity"];
}
