import type { Reply } from "../../../src/exchange.ts";
import { type Bend, onReply, onSlice } from "./bend.ts";

/** What proxies do to the bodies of answers while they pass. */
export const streamBends: Bend[] = [
  slice("swallows a comment", (text) => text.replace(/^:.*\r?\n\r?\n/m, "")),
  slice("adds a comment", (text) => `${text}: keepalive\n\n`),
  slice("adds an event", (text) => `data: {"type":"keepalive"}\n\n${text}`),
  slice("swallows the end of the events", (text) => text.replace("data: [DONE]\n\n", "")),
  slice("adds an end of the events", (text) =>
    text === "three" ? text : text.replace("two", "two data: [DONE]\n\n"),
  ),
  slice("turns CRLF into LF", (text) => text.replaceAll("\r\n", "\n")),
  slice("reads slices as UTF-8", (text) =>
    Buffer.from(Buffer.from(text, "latin1").toString("utf8")).toString("latin1"),
  ),
  {
    name: "answer body: answers errors in its own words",
    shows: "answer body",
    inside: onReply((reply) => {
      let isError = false;
      return {
        head(status, reason, headers) {
          isError = status === 401;
          reply.head(status, reason, headers);
        },
        data: (chunk) => reply.data(isError ? Buffer.alloc(chunk.length, " ") : chunk),
      };
    }),
  },
  {
    name: "answer slices: splits them",
    shows: "answer slices",
    inside: onReply((reply) => {
      const later = inTurns();
      return {
        data(chunk) {
          later(() => reply.data(chunk.subarray(0, 1)));
          if (chunk.length > 1) later(() => reply.data(chunk.subarray(1)));
          return true;
        },
        end: (trailers) => later(() => reply.end(trailers)),
        fail: (error) => later(() => reply.fail(error)),
      };
    }),
  },
  {
    name: "ending: holds each slice back until the next",
    shows: "ending",
    inside: onReply((reply) => {
      let held: Buffer | undefined;
      const flush = () => held === undefined || reply.data(held);
      return {
        data(chunk) {
          const more = flush();
          held = chunk;
          return more;
        },
        end(trailers) {
          flush();
          reply.end(trailers);
        },
      };
    }),
  },
  {
    name: "ending: joins all slices into one",
    shows: "ending",
    inside: onReply((reply) => {
      const slices: Buffer[] = [];
      return {
        data: (chunk) => slices.push(chunk) > 0,
        end(trailers) {
          reply.data(Buffer.concat(slices));
          reply.end(trailers);
        },
      };
    }),
  },
  {
    name: "ending: holds the head back until the first byte",
    shows: "ending",
    inside: onReply((reply) => heldHead(reply)),
  },
  {
    name: "ending: waits for the end of an upload with the answer",
    shows: "ending",
    inside: (next) => (exchange, reply) => {
      const { body } = exchange;
      if (body === null || Buffer.isBuffer(body)) next(exchange, reply);
      else {
        const over = new Promise((resolve) => body.once("close", resolve));
        const late = onReply(() => ({
          head: (...head) => void over.then(() => reply.head(...head)),
          data: (chunk) => over.then(() => reply.data(chunk)) !== undefined,
          end: (trailers) => void over.then(() => reply.end(trailers)),
        }));
        late(next)(exchange, reply);
      }
    },
  },
  {
    name: "ending: ends a broken answer in order",
    shows: "ending",
    inside: onReply((reply) => ({
      fail: (error) => (reply.started ? reply.end() : reply.fail(error)),
    })),
  },
  {
    name: "ending: fills a broken answer up to its length",
    shows: "ending",
    inside: onReply((reply) => ({
      fail: (error) => void (reply.started ? reply.data(Buffer.alloc(90)) : reply.fail(error)),
    })),
  },
  {
    name: "ending: adds an error event to a broken answer and ends it",
    shows: "ending",
    inside: onReply((reply) => ({
      fail(error) {
        if (!reply.started) return reply.fail(error);
        reply.data(Buffer.from('data: {"error":{}}\n\n'));
        reply.end();
      },
    })),
  },
  {
    name: "answer trailers: drops them",
    shows: "answer trailers",
    inside: onReply((reply) => ({ end: () => reply.end() })),
  },
  {
    name: "answer body: loses the last byte",
    shows: "answer body",
    inside: onReply((reply) => {
      let isOpen = true;
      return {
        head(status, reason, headers) {
          isOpen = !headers.some((name) => /^content-length$/i.test(name));
          reply.head(status, reason, headers);
        },
        data: (chunk) => reply.data(isOpen ? chunk.subarray(0, -1) : chunk),
      };
    }),
  },
];

function slice(name: string, change: (text: string) => string): Bend {
  return { name: `answer body: ${name}`, shows: "answer body", inside: onSlice(change) };
}

function heldHead(reply: Reply): Partial<Reply> {
  let start: Parameters<Reply["head"]> | undefined;
  const begin = () => {
    if (start) reply.head(...start);
    start = undefined;
  };
  return {
    head(...head) {
      start = head;
    },
    data(chunk) {
      begin();
      return reply.data(chunk);
    },
    end(trailers) {
      begin();
      reply.end(trailers);
    },
  };
}

/** Runs what it is given one after the other, each in a turn of the event loop of its own. */
function inTurns(): (step: () => void) => void {
  let before = Promise.resolve();
  return (step) => {
    before = before.then(() => new Promise((resolve) => setImmediate(resolve))).then(step);
  };
}
