import { afterAll, beforeAll, expect, test } from "vitest";
import { Progress } from "../../src/conformance/progress.ts";
import { rawConnection } from "../support/raw.ts";
import { type Contract, startContract } from "./contract.ts";

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

test("the head of a body that is not there yet does not wait for it", async () => {
  const { port, upstream } = contract;
  const seen = upstream.begin([], new Progress());
  const lines = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

  using upload = await rawConnection(port, lines);
  await expect.poll(() => seen.map(({ first }) => first)).toEqual(["POST /v1/files HTTP/1.1"]);
  upload.socket.write("1\r\nx\r\n0\r\n\r\n");

  await upload.until("200 OK");
});
