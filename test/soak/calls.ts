import { once } from "node:events";
import { type Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Dice } from "../../src/conformance/dice.ts";
import type { Wish } from "./upstream.ts";

/** One call through the relay; says what became of it: "ok: …", or anything else that should not be. */
export type Call = (port: number, agent: Agent, dice: Dice) => Promise<string>;

/** A stream of events, small or fat, to a quick or a slow reader, whole or broken off by either side. */
export const stream: Call = async (port, agent, dice) => {
  const events = dice.between(5, 60);
  const eventBytes = dice.once(4) ? 16_384 : 120;
  const wish: Wish = { events, eventBytes, everyMs: dice.between(5, 120) };
  const isSlow = dice.once(4);
  const fate = dice.pick(["whole", "whole", "whole", "aborted", "reset", "no head", "impatient"]);
  if (fate === "reset") wish.resetAfter = dice.between(1, events);
  if (fate === "no head") wish.resetAfter = 0;
  if (fate === "impatient") wish.headMs = 5_000;

  const req = ask(port, agent, wish);
  req.end(JSON.stringify({ input: "x".repeat(dice.between(0, 2_000)) }));
  const isLeaving = fate === "aborted" || fate === "impatient";
  const leave = isLeaving ? setTimeout(() => req.destroy(), dice.between(0, 2_000)) : undefined;
  const { status, bytes, isWhole } = await read(req, isSlow ? 50 : 0);
  clearTimeout(leave);
  if (isLeaving) return `ok: stream ${fate}`;
  if (fate === "no head") return status === 502 && isWhole ? "ok: stream 502" : `stream ${status}`;
  if (fate === "reset") {
    // With the head still on its way it is a reset before the head.
    if (status === 502 && isWhole) return "ok: stream 502";
    return isWhole ? "stream that was reset came whole" : "ok: stream reset";
  }
  const isRight = status === 200 && isWhole && bytes === events * eventBytes;
  return isRight ? "ok: stream whole" : `stream ${status}, ${isWhole ? "whole" : "cut"}, ${bytes}`;
};

/** A JSON call that is echoed; now and then a large upload, left in the middle. */
export const json: Call = async (port, agent, dice) => {
  const isUpload = dice.once(20);
  const body = Buffer.alloc(
    isUpload ? dice.between(1, 4) * 2 ** 20 : dice.between(2, 100_000),
    "j",
  );
  const isReset = dice.once(20);
  const req = ask(port, agent, { headMs: dice.between(0, 50), ...(isReset && { resetAfter: 0 }) });
  if (isUpload && dice.once(2)) {
    req.setHeader("content-length", body.length);
    req.write(body.subarray(0, body.length / 2), () => req.destroy());
    await read(req, 0);
    return "ok: upload aborted";
  }
  req.end(body);
  const { status, bytes, isWhole } = await read(req, 0);
  if (isReset) return status === 502 ? "ok: json 502" : `json that was reset ${status}`;
  const isRight = status === 200 && isWhole && bytes === body.length;
  return isRight ? `ok: ${isUpload ? "upload" : "json"} whole` : `json ${status}, ${bytes} bytes`;
};

/** A WebSocket with a talk on it, that either side ends, in order or not. */
export const webSocket: Call = async (port, _agent, dice) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`);
  socket.on("error", () => {});
  const closed = once(socket, "close");
  await Promise.race([once(socket, "open"), closed]);
  for (let turn = dice.between(1, 20); turn > 0 && socket.readyState === WebSocket.OPEN; turn--) {
    const word = dice.bytes(dice.between(1, 5_000));
    socket.send(word);
    const [echo] = await Promise.race([once(socket, "message"), closed]);
    if (!Buffer.isBuffer(echo) || !echo.equals(word)) return "WebSocket lost a message";
    await pause(dice.between(0, 200));
  }
  const fate = dice.pick(["closed", "terminated", "reset"]);
  if (fate === "closed") socket.close(1000);
  else if (fate === "terminated") socket.terminate();
  else socket.send("reset");
  const [code] = await closed;
  return code === (fate === "closed" ? 1000 : 1006) ? `ok: WebSocket ${fate}` : `closed ${code}`;
};

function ask(port: number, agent: Agent, wish: Wish): ClientRequest {
  const path = `/v1/responses?wish=${encodeURIComponent(JSON.stringify(wish))}`;
  return request({ port, host: "127.0.0.1", method: "POST", path, agent });
}

type Answer = { status: number; bytes: number; isWhole: boolean };

/** Reads an answer to whatever end; a slow reader rests after each piece. */
async function read(req: ClientRequest, restMs: number): Promise<Answer> {
  const answer: Answer = { status: 0, bytes: 0, isWhole: false };
  const closed = new Promise((resolve) => req.once("close", resolve));
  req.on("error", () => {});
  req.on("response", (res: IncomingMessage) => {
    answer.status = res.statusCode!;
    res.on("error", () => {});
    res.on("data", (piece: Buffer) => {
      answer.bytes += piece.length;
      if (restMs === 0) return;
      res.pause();
      setTimeout(() => res.resume(), restMs);
    });
    res.on("end", () => {
      answer.isWhole = res.complete;
    });
  });
  await closed;
  return answer;
}
