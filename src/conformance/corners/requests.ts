import { zstdCompressSync } from "node:zlib";
import type { Ask } from "../case.ts";
import type { Line } from "../wire.ts";
import { chunked, counted, get, json, oddJson, post, upload } from "./make.ts";

const part = '--b"\r\nContent-Disposition: form-data; name="file"\r\n\r\na\0b\r\n-b"\r\n--b"--\r\n';

/** Requests with one peculiarity each. */
export const requests: Record<string, Ask> = {
  "query with encoded and bare brackets, empty values, plus signs": get(
    "/v1/files?a%5B%5D=x&a[]=y&b=&c&d=a+b%20c&after=z&a%5b%5d=%c3%bc",
  ),
  "query that is empty": get("/v1/models?"),
  "path with encoded and doubled slashes": get("/v1//models/ft:a%2Fb%2fc%20d//"),
  "path without its version": get("/models?limit=1"),
  "target with a host in it": get("http://AUTHORITY/v1/models?x=1"),
  "header lines of every kind": get("/v1/models", [
    ["Zeta", " 1"],
    ["Accept-Encoding", " gzip, br;q=0.5"],
    ["X-DUP", " one"],
    ["x-between", " 2"],
    ["x-dup", " two,three"],
    ["X-Empty", ""],
    ["X-Latin", " caf\xe9"],
    ["X-Inner", " two  spaces"],
    ["User-Agent", " OpenAI/JS 7.57.0"],
    ["OpenAI-Beta", " assistants=v2"],
    ["Idempotency-Key", " k"],
    ["Alpha", "3 "],
  ]),
  "header lines by the thousand, one of them long": get("/v1/models", [
    ...Array.from({ length: 2_000 }, (_, i): Line => [`x-${i}`, " v"]),
    ["x-long", ` ${"long".repeat(5_000)}`],
  ]),
  "names of odd characters": get("/v1/models", [["X!#$%&'*+-.^_`|~9", " a\tb"]]),
  "no header lines at all": get("/v1/models", []),
  "credentials of its own": get("/v1/models", [
    ["x-a", " 1"],
    ["Authorization", " Bearer dummy"],
    ["AUTHORIZATION", " Basic eA=="],
    ["Proxy-Authorization", " Basic eA=="],
    ["x-b", " 2"],
  ]),
  "ephemeral client secret": get("/v1/realtime", [["Authorization", " Bearer ek_123"]]),
  "lines of browsers and proxies": get("/v1/models", [
    ["Cookie", " session=1"],
    ["Sec-Fetch-Site", " same-origin"],
    ["Referer", " http://localhost/"],
    ["Forwarded", " for=10.0.0.1"],
    ["X-Forwarded-For", " 10.0.0.1"],
    ["X-Real-IP", " 10.0.0.1"],
    ["X-Relay-Tag", " ci"],
    ["x-kept", " 1"],
  ]),
  "lines of one connection": get("/v1/models", [
    ["Connection", " keep-alive, X-Hop"],
    ["X-Hop", " 1"],
    ["TE", " trailers"],
    ["Keep-Alive", " timeout=9"],
    ["x-kept", " 1"],
  ]),
  "a connection that is not to be kept": get("/v1/models", [["Connection", " close"]]),
  "range and conditions": get("/v1/files/f/content", [
    ["Range", " bytes=0-0"],
    ["If-Range", ' "a"'],
  ]),
  "HTTP/1.0": { ...get("/v1/models"), version: "1.0" },
  "two requests at once": { ...post("{}"), isPipelined: true },
  "a method of its own": { ...get("/v1/models"), method: "QUERY" },
  JSON: post(oddJson),
  "body without a type": post("{}", []),
  "body of no bytes": post("", [], "/v1/responses/r/cancel"),
  "GET with a length of 0": get("/v1/models", [["Content-Length", " 0"]]),
  "a length with zeros in front": { ...post("1234567"), lines: [json, ["Content-Length", " 007"]] },
  "GET with a body": { ...post("{}"), method: "GET" },
  "body with white space at its end": post(' {"a":1}\r\n\n'),
  "bytes that are no text": post(Buffer.from([0xff, 0xfe, 0, 0x80, 13, 10, 0xc3]), [
    ["Content-Type", " application/octet-stream"],
  ]),
  multipart: post(part, [["Content-Type", ' multipart/form-data; boundary="b\\""']]),
  "zstd from Codex": post(zstdCompressSync(oddJson), [json, ["Content-Encoding", " zstd"]]),
  "upload in slices": upload(chunked("one", "two", "three")),
  "upload in slices with a length": (() => {
    const { line, body } = counted("one", "two");
    const ask = { method: "POST", target: "/v1/files", lines: [json, line] };
    return { ...ask, body: { ...body, paced: true } };
  })(),
  "upload in chunks of its own": upload({
    ...chunked("one", "two"),
    extension: ';a="b"',
    oddSizes: true,
    trailers: [["X-Checksum", " abc"]],
  }),
  "upload of no bytes": upload(chunked()),
  "upload that came at once": upload({ ...chunked("one", "two"), paced: false }),
  "upload that waits to be let in": upload(chunked("one", "two"), [
    json,
    ["Expect", " 100-continue"],
  ]),
};
