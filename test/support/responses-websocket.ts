import { createHash } from "node:crypto";
import { respond } from "../../src/mock/responses.ts";
import { startWebSocketUpstream, type WebSocketUpstream } from "./websocket.ts";

/** One `response.create` as a client sent it. */
export type Creation = { type: string; generate?: boolean; previous_response_id?: string };

export type ResponsesUpstream = WebSocketUpstream & {
  /** The messages that arrived, in order. */
  creations: Creation[];
};

/** Responses over WebSocket: each message asks for a response, each event of its stream is a message. */
export async function startResponsesUpstream(): Promise<ResponsesUpstream> {
  const creations: Creation[] = [];
  const upstream = await startWebSocketUpstream({
    perMessageDeflate: true,
    onConnection(socket) {
      socket.on("message", (message: Buffer) => {
        const creation = JSON.parse(String(message)) as Creation;
        creations.push(creation);
        for (const event of eventsOf(creation, message)) socket.send(event);
      });
    },
  });
  return { ...upstream, creations };
}

/** What the mock says to the same request over HTTP; a response that only warms up says nothing. */
function* eventsOf({ generate }: Creation, body: Buffer): Generator<string> {
  const digest = createHash("sha256").update(body).digest("hex");
  const asked = { method: "POST", params: {}, query: new URLSearchParams(), headers: [] };
  const stream = respond({ ...asked, body, digest }).body as Iterable<string>;
  for (const text of stream) {
    const [, type = "", event = ""] = /^event: (.+)\ndata: (.+)\n\n$/.exec(text) ?? [];
    if (generate !== false || /^response\.(?:created|completed)$/.test(type)) yield event;
  }
}
