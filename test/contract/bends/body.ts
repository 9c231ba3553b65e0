import { PassThrough, Readable } from "node:stream";
import { zstdDecompressSync } from "node:zlib";
import type { Reply } from "../../../src/exchange.ts";
import {
  altered,
  type Bend,
  type Bent,
  collected,
  firstOf,
  onBody,
  onExchange,
  onReply,
  toLines,
  without,
} from "./bend.ts";

/** What proxies do to the bodies of requests. */
export const bodyBends: Bend[] = [
  bend("writes JSON anew", (body) => {
    try {
      return Buffer.from(JSON.stringify(JSON.parse(String(body))));
    } catch {
      return body;
    }
  }),
  bend("adds a field", (body) => Buffer.from(String(body).replace(/^\{"/, '{"store":false,"'))),
  bend("trims white space", (body) => Buffer.from(body.toString("latin1").trim(), "latin1")),
  bend("drops NUL bytes", (body) => body.filter((byte) => byte !== 0) as Buffer),
  bend("turns CRLF into LF", (body) => latin1(body, (text) => text.replaceAll("\r\n", "\n"))),
  bend("reads bytes as UTF-8", (body) => Buffer.from(body.toString("utf8"))),
  bend("drops a body that came with GET", (body, lines) =>
    firstOf(lines, "content-type") && body.length === 2 ? Buffer.alloc(0) : body,
  ),
  bend("makes a boundary of its own", (body, lines) => {
    const type = lines.find(([, value]) => value.includes("boundary="));
    if (!type) return body;
    type[1] = "multipart/form-data; boundary=new";
    return latin1(body, (text) => text.replaceAll('--b"', "--new"));
  }),
  bend("decompresses", (body, lines) => {
    const at = lines.findIndex(([, value]) => value === "zstd");
    if (at < 0) return body;
    lines.splice(at, 1);
    return zstdDecompressSync(body);
  }),
  {
    name: "request framing: gives a length to what came in chunks",
    shows: "request framing",
    inside: onBody((body) => body),
  },
  {
    name: "request framing: sends in chunks what had a length",
    shows: "request framing",
    inside: onExchange((exchange) => {
      const lines = toLines(exchange.headers);
      exchange.headers = without(lines, /^content-length$/i).flat();
      if (Buffer.isBuffer(exchange.body)) exchange.body = Readable.from([exchange.body]);
    }),
  },
  {
    name: "ending: waits for the whole upload",
    shows: "ending",
    inside: onUpload(async function* whole(upload) {
      yield await collected(upload);
    }),
  },
  {
    name: "request slices: splits the slices of an upload",
    shows: "request slices",
    inside: onUpload(async function* halves(upload) {
      for await (const slice of upload) {
        yield slice.subarray(0, 1);
        yield slice.subarray(1);
      }
    }),
  },
  {
    name: "ending: holds each slice of an upload back until the next",
    shows: "ending",
    inside: onUpload(async function* late(upload) {
      let held: Buffer | undefined;
      for await (const slice of upload) {
        if (held) yield held;
        held = slice;
      }
      if (held) yield held;
    }),
  },
  {
    name: "requests: ends an upload in order that was cut off",
    shows: "requests",
    inside: (next) => (exchange, reply) => {
      if (exchange.body instanceof Readable) {
        const upload = exchange.body.pipe(new PassThrough());
        exchange.body = upload;
        reply.onGone = () => upload.end();
      }
      next(exchange, altered(reply, { onGone: null }));
    },
  },
  {
    name: "ending: lets upstream go on when the client has left",
    shows: "ending",
    inside: onReply(() => ({ onGone: null })),
  },
  {
    name: "requests: sends a POST twice",
    shows: "requests",
    inside: (next) => (exchange, reply) => {
      next(exchange, reply);
      if (exchange.method === "POST" && !(exchange.body instanceof Readable)) {
        next(exchange, altered(reply, nobody));
      }
    },
  },
];

function bend(name: string, change: Parameters<typeof onBody>[0]): Bend {
  return { name: `request body: ${name}`, shows: "request body", inside: onBody(change) };
}

function latin1(body: Buffer, change: (text: string) => string): Buffer {
  return Buffer.from(change(body.toString("latin1")), "latin1");
}

const nobody: Partial<Reply> = {
  inform() {},
  head() {},
  data: () => true,
  end() {},
  fail() {},
  onDrain: null,
  onGone: null,
};

/** Puts a generator between the client's upload and the upstream. */
function onUpload(change: (upload: Readable) => AsyncIterable<Buffer>): Bent {
  return (next) => (exchange, reply) => {
    if (exchange.body instanceof Readable) exchange.body = Readable.from(change(exchange.body));
    next(exchange, reply);
  };
}
