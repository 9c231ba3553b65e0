import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { bodyOf, digestOf } from "./large.ts";

// Large bodies on their way through a port; each tells whether it arrived as it was sent.

export async function upload(port: number, bytes: number, hasLength: boolean): Promise<boolean> {
  const headers = hasLength ? { "content-length": bytes } : {};
  const req = request({ port, host: "127.0.0.1", method: "POST", path: "/v1/files", headers });
  const answered = once(req, "response");
  await pipeline(bodyOf(bytes), req);
  const [res] = (await answered) as [IncomingMessage];
  const digest = Buffer.concat(await res.toArray()).toString();
  return digest === (await digestOf(bodyOf(bytes)));
}

export async function download(port: number, bytes: number): Promise<boolean> {
  const res = await ask(port, bytes);
  return (await digestOf(res)) === (await digestOf(bodyOf(bytes)));
}

/** Takes 10 kB a second for so many minutes, then all the rest at once. */
export async function sip(
  port: number,
  bytes: number,
  minutes: number,
  onThirst: (sipped: number) => void,
): Promise<boolean> {
  const res = await ask(port, bytes);
  const hash = createHash("sha1");
  const until = performance.now() + minutes * 60_000;
  let sipped = 0;
  while (performance.now() < until) {
    await pause(100);
    const drop: Buffer | null = res.read(1_000);
    if (drop === null) continue;
    hash.update(drop);
    sipped += drop.length;
  }
  onThirst(sipped);
  for await (const rest of res) hash.update(rest);
  return hash.digest("hex") === (await digestOf(bodyOf(bytes)));
}

async function ask(port: number, bytes: number): Promise<IncomingMessage> {
  const req = request({ port, host: "127.0.0.1", path: `/v1/files/x/content?bytes=${bytes}` });
  const [res] = await once(req.end(), "response");
  return res;
}
