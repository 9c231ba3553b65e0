import { connect } from "node:net";
import { startRawUpstream } from "./upstream.ts";

/** The bytes of a connection, in latin-1. */
export type Tapped = { asked: string; answered: string };

export type Tap = AsyncDisposable & {
  url: string;
  port: number;
  /** What went over each connection so far, both ways. */
  connections: Tapped[];
};

/** Stands in front of a port, passes everything on and keeps it. */
export async function startTap(port: number): Promise<Tap> {
  const connections: Tapped[] = [];
  const server = await startRawUpstream((socket) => {
    const tapped: Tapped = { asked: "", answered: "" };
    connections.push(tapped);
    const target = connect(port, "127.0.0.1");
    socket.on("data", (bytes) => {
      tapped.asked += bytes.toString("latin1");
    });
    target.on("data", (bytes) => {
      tapped.answered += bytes.toString("latin1");
    });
    socket.pipe(target).pipe(socket);
    socket.on("close", () => target.destroy());
    target.on("error", () => {}).on("close", () => socket.destroy());
  });
  return { ...server, connections };
}
