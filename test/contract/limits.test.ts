import { afterAll, beforeAll, expect, test } from "vitest";
import { allowed } from "../../src/conformance/allowed.ts";
import type { Case } from "../../src/conformance/case.ts";
import { exchange } from "../../src/conformance/exchange.ts";
import { Progress } from "../../src/conformance/progress.ts";
import { plain } from "../../src/conformance/upstream.ts";
import { rawConnection, rawExchange } from "../support/raw.ts";
import { type Contract, startContract } from "./contract.ts";

// Rows of the table that no comparison can show. Where one of these fails because a library has lost its
// limit, the row is to go.

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

const get: Case["ask"] = {
  method: "GET",
  target: "/v1/models",
  lines: [],
  body: { framing: "none", slices: [] },
};

test("the head of a body that is not there yet leaves with the body's first byte", async () => {
  const { port, upstream } = contract;
  const seen = upstream.begin([], new Progress());
  const lines = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

  using upload = await rawConnection(port, lines);
  // What was asked later has overtaken it.
  await rawExchange(port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const before = seen.map(({ first }) => first);
  upload.socket.write("1\r\nx\r\n0\r\n\r\n");
  await upload.until("200 OK");

  expect(before).toEqual(["GET /v1/ HTTP/1.1"]);
  expect(seen[1]?.first).toBe("POST /v1/files HTTP/1.1");
});

test("a 100 Continue that nobody asked for makes a 502", async () => {
  const interim = [{ first: "HTTP/1.1 100 Continue", lines: [] }];
  const sent = { name: "", ask: get, answers: [{ ...plain, interim }] };

  const { answer } = await exchange(contract.upstream, contract.port, sent, 2_000);

  expect(answer?.first).toBe("HTTP/1.1 502 Bad Gateway");
  expect(answer?.lines).toContainEqual(["x-relay-error", " upstream_bad_response"]);
});

test("these are all the rows that stand apart", () => {
  expect(allowed.filter((rule) => "apart" in rule)).toHaveLength(2);
});
