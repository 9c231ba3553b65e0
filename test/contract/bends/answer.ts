import { STATUS_CODES } from "node:http";
import { gunzipSync } from "node:zlib";
import { type Bend, firstOf, onAnswerLines, onHead, onReply, toLines, without } from "./bend.ts";

/** What proxies do to the heads of answers. */
export const answerBends: Bend[] = [
  status("answers 200 for any success", (code) =>
    code > 200 && code < 300 && code !== 206 ? 200 : code,
  ),
  status("answers 200 for a part", (code) => (code === 206 ? 200 : code)),
  status("does not know a status", (code) => (STATUS_CODES[code] ? code : 500)),
  status("answers 502 for an error", (code) => (code === 401 ? 502 : code)),
  {
    name: "status line: has reasons of its own",
    shows: "status line",
    inside: onHead((head) => {
      head.reason = STATUS_CODES[head.status] ?? "";
    }),
  },
  {
    name: "answer headers: drops Content-Length of HEAD",
    shows: "answer headers",
    inside: onHead((head, { method }) => {
      if (method === "HEAD") head.lines = without(head.lines, /^content-length$/i);
    }),
  },
  {
    name: "answer headers: drops Content-Length of 304",
    shows: "answer headers",
    inside: onHead((head) => {
      if (head.status === 304) head.lines = without(head.lines, /^content-length$/i);
    }),
  },
  {
    name: "answer framing: sends in chunks what had a length",
    shows: "answer framing",
    inside: onAnswerLines((all) => without(all, /^content-length$/i)),
  },
  {
    name: "answer framing: gives a length to an answer without bytes",
    shows: "answer framing",
    inside: onReply((reply) => {
      let start: Parameters<typeof reply.head> | undefined;
      const begin = (more: string[]) => {
        if (start) reply.head(start[0], start[1], [...start[2], ...more]);
        start = undefined;
      };
      return {
        head(...head) {
          start = head;
        },
        data(chunk) {
          begin([]);
          return reply.data(chunk);
        },
        end(trailers) {
          begin(["Content-Length", "0"]);
          reply.end(trailers);
        },
      };
    }),
  },
  {
    name: "answer headers: decompresses",
    shows: "answer headers",
    inside: onReply((reply) => {
      let start: Parameters<typeof reply.head> | undefined;
      return {
        head(...head) {
          if (firstOf(toLines(head[2]), "content-encoding") === "gzip") start = head;
          else reply.head(...head);
        },
        data(chunk) {
          if (!start) return reply.data(chunk);
          const plain = gunzipSync(chunk);
          const kept = without(toLines(start[2]), /^content-(encoding|length)$/i).flat();
          reply.head(start[0], start[1], [...kept, "Content-Length", String(plain.length)]);
          return reply.data(plain);
        },
      };
    }),
  },
  {
    name: "interim answers: hides 103",
    shows: "interim answers",
    inside: onReply(() => ({ inform() {} })),
  },
  {
    name: "interim answers: hides all but 103",
    shows: "interim answers",
    inside: onReply((reply) => ({
      inform: (code, reason, headers) => code === 103 && reply.inform(code, reason, headers),
    })),
  },
  {
    name: "interim answers: adds 102",
    shows: "interim answers",
    inside: (next) => (exchange, reply) => {
      reply.inform(102, "Processing", []);
      next(exchange, reply);
    },
  },
  {
    name: "connection: closes it after each answer",
    shows: "connection",
    inside: onAnswerLines((all) => [...all, ["Connection", "close"]]),
  },
  {
    name: "connection: answers HEAD with a body",
    shows: "connection",
    down: (said, asked) => (asked.startsWith("HEAD ") ? `${said}a body` : said),
  },
  {
    name: "requests: follows a redirect",
    shows: "requests",
    inside: (next) => (exchange, reply) => {
      const follow: typeof reply.head = (code, reason, headers) => {
        const location = firstOf(toLines(headers), "location");
        if (code === 302 && location) next({ ...exchange, target: location }, reply);
        else reply.head(code, reason, headers);
      };
      onReply(() => ({ head: follow }))(next)(exchange, reply);
    },
  },
  {
    name: "requests: tries again after 429",
    shows: "requests",
    inside: (next) => (exchange, reply) => {
      const again: typeof reply.head = (code, reason, headers) => {
        if (code === 429) next(exchange, reply);
        else reply.head(code, reason, headers);
      };
      onReply(() => ({ head: again }))(next)(exchange, reply);
    },
  },
];

function status(name: string, change: (code: number) => number): Bend {
  const inside = onHead((head) => {
    head.status = change(head.status);
  });
  return { name: `status line: ${name}`, shows: "status line", inside };
}
