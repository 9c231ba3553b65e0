import type { Case } from "../case.ts";
import {
  answer,
  bare,
  chunked,
  chunkedLine,
  counted,
  get,
  json,
  post,
  stream,
  upload,
} from "./make.ts";

/** What takes both sides to happen. */
export const exchanges: Record<string, Omit<Case, "name">> = {
  "HEAD with a length": {
    ask: { ...get("/v1/files/f/content"), method: "HEAD" },
    answers: [bare(200, [["Content-Length", " 1234"]])],
  },
  "HEAD in chunks": {
    ask: { ...get("/v1/files/f/content"), method: "HEAD" },
    answers: [bare(200, [chunkedLine])],
  },
  "an event stream for HTTP/1.0": {
    ask: { ...get("/v1/responses/r?stream=true"), version: "1.0" },
    answers: [stream(chunked("data: one\n\n", "data: two\n\n"))],
  },
  "an answer that begins while the upload goes on": {
    ask: upload(chunked("one", "two", "three")),
    answers: [{ ...stream(chunked("data: one\n\n", "data: two\n\n")), early: "head" }],
  },
  "an answer that is over before the upload": {
    ask: { ...upload(chunked("one")), leaves: "after an early answer" },
    answers: [{ ...answer(413), early: "all" }],
  },
  "a client that leaves before the head": {
    ask: { ...post("{}"), leaves: "before the head" },
    answers: [{ ...answer(), stops: "before the head" }],
  },
  "a client that leaves in the middle of a stream": {
    ask: { ...post("{}"), leaves: "after the first slice" },
    answers: [
      { ...stream(chunked("data: one\n\n", "data: two\n\n")), stops: "after the first slice" },
    ],
  },
  "a client that leaves while it uploads": {
    ask: { ...upload(chunked("one", "two")), leaves: "during the upload" },
    answers: [answer()],
  },
  "a client that leaves while it uploads with a length": {
    ask: {
      ...upload({ ...counted("one").body, paced: true }),
      lines: [json, ["Content-Length", " 100"]],
      leaves: "during the upload",
    },
    answers: [answer()],
  },
  "what a browser opens as a page": {
    ask: get("/v1/files/f/content", [["Sec-Fetch-Mode", " navigate"]]),
    answers: [
      answer(200, [
        ["Content-Type", " text/html"],
        ["Content-Security-Policy", " img-src *"],
      ]),
    ],
  },
  "an admin operation": { admin: true, ask: get("/v1/organization/users"), answers: [answer()] },
};
