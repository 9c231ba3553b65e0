import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { SidePlan } from "./tunnel-plan.ts";

/** What is known of one side of a tunnel. */
export type Side = {
  readonly plan: SidePlan;
  /** All that it has to say. */
  readonly words: Buffer;
  received: Buffer[];
  /** It has said all of it. */
  saidAll: boolean;
  /** When and how it left in one blow. */
  left: { at: number; by: "destroy" | "reset" } | undefined;
  /** When it heard that the other side is no longer there. */
  heardAt: number | undefined;
  /** What it heard first of all: an end in order, or an error. */
  heard: "end" | "error" | "close" | undefined;
};

export function createSide(plan: SidePlan, letter: string): Side {
  const bytes = plan.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  return {
    plan,
    words: Buffer.alloc(bytes, `${letter}0123456789`),
    received: [],
    saidAll: false,
    left: undefined,
    heardAt: undefined,
    heard: undefined,
  };
}

/** Plays one side of an open tunnel, until its connection is closed. */
export async function playSide(side: Side, connection: Duplex, raw: Socket): Promise<void> {
  const { pieces, last } = side.plan;
  const hear = (what: NonNullable<Side["heard"]>) => {
    side.heard ??= what;
    side.heardAt ??= performance.now();
  };
  const closed = new Promise((resolve) => raw.once("close", resolve));
  connection.on("data", (bytes: Buffer) => side.received.push(bytes));
  connection.on("error", () => hear("error"));
  connection.on("end", () => {
    hear("end");
    if (last === "waits" && side.saidAll) connection.end();
  });
  raw.on("close", () => hear("close"));

  let said = 0;
  for (const { bytes, ms } of pieces) {
    if (ms > 0) await pause(ms);
    connection.write(side.words.subarray(said, said + bytes));
    said += bytes;
  }
  await new Promise((sent) => connection.write("", sent));
  side.saidAll = true;
  if (last === "end" || side.heard) connection.end();
  else if (last === "reset" || last === "destroy") {
    side.left = { at: performance.now(), by: last };
    if (last === "reset") raw.resetAndDestroy();
    else raw.destroy();
  }
  await closed;
}
