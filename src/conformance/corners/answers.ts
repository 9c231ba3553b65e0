import { gzipSync } from "node:zlib";
import type { Answer } from "../case.ts";
import type { Line } from "../wire.ts";
import { answer, bare, chunked, counted, json, stream } from "./make.ts";

const events = [
  "data: one\n\n",
  ": comment\r\n\r\n",
  "data: h\xc3",
  "\xa9\xe2\x98",
  "\x83\n\n",
  "data: [DONE]\n\n",
];
const eventPieces = events.map((event) => Buffer.from(event, "latin1"));

/** Answers with one peculiarity each. */
export const answers: Record<string, Answer> = {
  "status of its own": answer(201),
  "status that is not registered": { ...answer(299), reason: "Weird" },
  "reason of its own": { ...answer(200), reason: "All Good" },
  "reason in latin-1": { ...answer(200), reason: "Tr\xe8s bien" },
  "no reason": { ...answer(200), reason: "" },
  "an error of upstream's": answer(
    401,
    [json],
    '{"error":{"message":"no","type":"x","code":null}}',
  ),
  "a limit that was hit": answer(429, [["retry-after", " 1"], ["x-should-retry", " true"], json]),
  "header lines of every kind": answer(200, [
    ["x-zeta", " 1"],
    ["X-Request-Id", " req_1"],
    ["Set-Cookie", " a=b; Path=/"],
    ["x-between", " 2"],
    ["set-cookie", " c=d"],
    ["Date", " Thu, 01 Jan 1970 00:00:00 GMT"],
    ["X-Empty", ""],
    ["X-Latin", " na\xefve"],
    ["Vary", " Origin"],
    ["Alpha", " 3"],
  ]),
  "header lines by the thousand, one of them long": answer(200, [
    ...Array.from({ length: 2_000 }, (_, i): Line => [`x-${i}`, " v"]),
    ["x-long", ` ${"long".repeat(5_000)}`],
  ]),
  "lines of OpenAI's host": answer(200, [
    ["Alt-Svc", ' h3=":443"'],
    ["Strict-Transport-Security", " max-age=1"],
    ["x-kept", " 1"],
  ]),
  "lines of one connection": answer(200, [
    ["Connection", " close, x-hop"],
    ["X-Hop", " 1"],
    ["Keep-Alive", " timeout=5"],
    ["x-kept", " 1"],
  ]),
  "a redirect": answer(302, [["Location", " /v1/elsewhere"]], ""),
  gzip: answer(200, [json, ["Content-Encoding", " gzip"]], gzipSync('{"ok":true}')),
  "part of a file": answer(206, [["Content-Range", " bytes 0-3/9"]], "abcd"),
  "bytes that are no text": answer(200, [], Buffer.from([0, 0xff, 13, 10, 0xc3])),
  "HTTP/1.0": { ...answer(), version: "1.0" },
  "body that ends with the connection": {
    ...bare(200, [json]),
    body: { ...chunked("one", "two"), framing: "close" },
  },
  "body that ends with the connection, which is reset": {
    ...bare(200, [["Connection", " close"]]),
    body: { ...chunked("one", "two"), framing: "close", cut: "reset" },
  },
  "nothing, as a 204": bare(204, [
    ["Content-Length", " 0"],
    ["x-kept", " 1"],
  ]),
  "nothing, as a 304": bare(304, [
    ["ETag", ' "a"'],
    ["Content-Length", " 11"],
  ]),
  "nothing, in chunks": stream({ ...chunked(), paced: false }),
  "an event stream": stream({ ...chunked(), slices: eventPieces }),
  "slices with a length": {
    ...answer(200, [json], '{"ok":1}'),
    body: { ...counted('{"ok"', ":1}").body, paced: true },
  },
  "chunks of its own": stream({ ...chunked("one", "two"), extension: ";a=b", oddSizes: true }),
  trailers: stream(
    {
      ...chunked("one"),
      trailers: [
        ["X-Checksum", " abc"],
        ["x-late", ""],
      ],
    },
    [["Trailer", " X-Checksum"]],
  ),
  "early hints": {
    ...answer(),
    interim: [
      {
        first: "HTTP/1.1 103 Early Hints",
        lines: [
          ["Link", " </a>; rel=preload"],
          ["X-A", " 1"],
        ],
      },
    ],
  },
  "early hints with lines of one connection": {
    ...answer(),
    interim: [
      {
        first: "HTTP/1.1 103 Early Hints",
        lines: [
          ["Connection", " x-hop"],
          ["X-Hop", " 1"],
          ["Alt-Svc", " h3"],
          ["link", " </a>"],
        ],
      },
    ],
  },
  "an interim answer with a phrase of its own": {
    ...answer(),
    interim: [{ first: "HTTP/1.1 104 Upload Resumption Supported", lines: [] }],
  },
  "other interim answers": {
    ...answer(),
    interim: [
      { first: "HTTP/1.1 102 Processing", lines: [] },
      { first: "HTTP/1.1 103 Early Hints", lines: [["X-A", " 1"]] },
    ],
  },
  "a stream that is closed too early": stream({ ...chunked("data: one\n\n"), cut: "closed" }),
  "a stream that is reset": stream({ ...chunked("data: one\n\n"), cut: "reset" }),
  "a file that is closed too early": {
    ...bare(200, [["Content-Length", " 100"]]),
    body: { ...counted("ten bytes.").body, cut: "closed" },
  },
};
