import { createHash } from "node:crypto";
import type { Answer } from "../../src/mock/answer.ts";
import { createRespond } from "../../src/mock/responses.ts";
import { createResponses } from "../../src/mock/responsestore.ts";
import type { Operation } from "../../src/mock/router.ts";
import { createShelves } from "../../src/mock/shelves.ts";
import { createStore } from "../../src/mock/store.ts";
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
  const store = createStore();
  const respond = createRespond(createResponses(createShelves([], store), store));
  const upstream = await startWebSocketUpstream({
    perMessageDeflate: true,
    onConnection(socket) {
      socket.on("message", (message: Buffer) => {
        const creation = JSON.parse(String(message)) as Creation;
        creations.push(creation);
        for (const event of eventsOf(respond, creation, message)) socket.send(event);
      });
    },
  });
  return { ...upstream, creations };
}

/** What the mock says to the same request over HTTP; a response that only warms up says nothing. */
function* eventsOf(respond: Operation, { generate }: Creation, body: Buffer): Generator<string> {
  const digest = createHash("sha256").update(body).digest("hex");
  const asked = { method: "POST", params: {}, query: new URLSearchParams(), headers: [] };
  const stream = (respond({ ...asked, body, digest }) as Answer).body as Iterable<string>;
  for (const text of stream) {
    const [, type = "", event = ""] = /^event: (.+)\ndata: (.+)\n\n$/.exec(text) ?? [];
    if (generate !== false || /^response\.(?:created|completed)$/.test(type)) yield event;
  }
}
