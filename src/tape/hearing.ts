import type { Duplex } from "node:stream";
import type { Scrub } from "../scrub.ts";
import { type Frame, FrameReader, opcodes, payloadOf } from "../websocket-frames.ts";
import { fromBytes } from "./bytes.ts";
import type { Close, Message, Ping, Said } from "./entry.ts";
import type { Recording } from "./recording.ts";

/** Listens to both sides of a WebSocket; the bytes go on as they are. */
export function hearTunnel(upstream: Duplex, recording: Recording): void {
  let isClosed = false;
  let wasReset = false;
  let endedFirst = false;

  const listen = (from: Message["from"]) => {
    const reader = new FrameReader((frame) => {
      if (frame.opcode === opcodes.close) isClosed = true;
      if (frame.opcode === opcodes.pong) return;
      if (frame.opcode === opcodes.ping && from === "client") return;
      const make = (at: number, scrub: Scrub): Message => ({ at, from, ...said(frame, scrub) });
      recording.message(make, frame.bytes.length);
    });
    let isDeaf = false;
    return (bytes: Buffer) => {
      if (isDeaf) return;
      try {
        reader.add(bytes);
      } catch (error) {
        isDeaf = true;
        recording.lose((error as Error).message);
      }
    };
  };

  upstream.on("data", listen("server"));
  // What the client says is heard where it is written: who reads it is somebody else.
  const hear = listen("client");
  const write = upstream.write.bind(upstream) as (...args: unknown[]) => boolean;
  upstream.write = (...args: unknown[]) => {
    // First: in one process, as with the mock, who gets the bytes may unmask them where they are.
    hear(args[0] as Buffer);
    return write(...args);
  };
  upstream.once("end", () => {
    endedFirst = !upstream.writableEnded;
  });
  upstream.once("error", () => {
    wasReset = true;
  });
  upstream.once("close", () => {
    if (isClosed) recording.finish("complete");
    else if (wasReset) recording.finish("reset");
    else recording.finish(endedFirst ? "truncated" : "client_left");
  });
}

function said(frame: Frame, scrub: Scrub): Said | Ping | Close {
  const clean = Buffer.from(scrub(payloadOf(frame).toString("latin1")), "latin1");
  const { opcode, fin } = frame;
  if (opcode === opcodes.ping) return { ping: clean.toString("latin1") };
  if (opcode === opcodes.close) {
    if (clean.length < 2) return { close: null, reason: "" };
    return { close: clean.readUInt16BE(0), reason: clean.toString("utf8", 2) };
  }
  return {
    ...fromBytes(clean),
    ...(opcode === opcodes.binary && { binary: true }),
    ...(opcode === opcodes.rest && { rest: true }),
    ...(!fin && { more: true }),
  };
}
