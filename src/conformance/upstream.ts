import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { answer, type Turn } from "./answering.ts";
import type { Answer } from "./case.ts";
import { Gauge } from "./gauge.ts";
import { Progress } from "./progress.ts";
import { MessageReader } from "./reader.ts";
import { type Message, valuesOf } from "./wire.ts";

export type Upstream = AsyncDisposable & {
  port: number;
  /** Whatever arrives from now on belongs to this exchange, and gets these answers in turn. */
  begin(answers: readonly Answer[], progress: Progress): Message[];
};

/** What a request gets for which no answer was prepared. */
export const plain: Answer = {
  status: 200,
  reason: "OK",
  lines: [
    ["Content-Type", " application/json"],
    ["Content-Length", " 2"],
  ],
  body: { framing: "length", slices: [Buffer.from("{}")] },
};

/** A server on a bare socket: it writes down what arrives as it arrives, and answers as prepared. */
export async function startInstrumentedUpstream(): Promise<Upstream> {
  const sockets = new Set<Socket>();
  let answers: Answer[] = [];
  let seen: Message[] = [];
  let progress = new Progress();

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let turn: Turn | undefined;
    let before = Promise.resolve();
    const reader = new MessageReader({
      switches: ({ lines }) => answers[0]?.status === 101 && valuesOf(lines, "upgrade").length > 0,
      head(message) {
        const prepared = answers.shift() ?? plain;
        turn = { message, answer: prepared, progress, begun: new Gauge(), ended: new Gauge() };
        seen.push(message);
        if (valuesOf(message.lines, "expect").length > 0)
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        if (message.framing === "close") turn.begun.add(1);
        const own = turn;
        // In turn, also when requests come faster than answers go.
        before = before.then(() => answer(socket, own));
      },
      data(_message, length) {
        turn!.progress.up.add(length);
        turn!.begun.add(1);
      },
      end() {
        turn!.begun.add(1);
        turn!.ended.add(1);
        turn!.progress.asked.add(1);
      },
    });
    socket.on("data", (bytes) => reader.push(bytes));
    socket.on("error", () => {});
    socket.on("end", () => {
      reader.close();
      if (turn?.message.framing !== "close") socket.end();
    });
    socket.on("close", () => {
      sockets.delete(socket);
      turn?.progress.lost.add(1);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    begin(prepared, on) {
      answers = [...prepared];
      progress = on;
      seen = [];
      return seen;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
