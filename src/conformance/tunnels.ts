import { sliced } from "./bodies.ts";
import type { Answer, Ask, Case } from "./case.ts";
import type { Dice } from "./dice.ts";
import { conversation } from "./frames.ts";
import type { Line } from "./wire.ts";

const handshake: Line[] = [
  ["Upgrade", " websocket"],
  ["Connection", " Upgrade"],
  ["Sec-WebSocket-Version", " 13"],
  ["Sec-WebSocket-Key", " dGhlIHNhbXBsZSBub25jZQ=="],
];

const switching: Line[] = [
  ["Upgrade", " websocket"],
  ["Connection", " Upgrade"],
  ["Sec-WebSocket-Accept", " s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
];

const offers = {
  none: [],
  "a subprotocol": [["Sec-WebSocket-Protocol", " realtime"]],
  "a subprotocol and a key": [
    ["sec-websocket-protocol", " realtime, openai-insecure-api-key.dummy, openai-project.p"],
  ],
  "nothing but a key": [["Sec-WebSocket-Protocol", " openai-insecure-api-key.dummy"]],
  "an ephemeral secret": [["Sec-WebSocket-Protocol", " realtime,openai-insecure-api-key.ek_1"]],
} satisfies Record<string, Line[]>;

/** Who ends a tunnel, and how. The other side goes on after an orderly end. */
export const endings = ["upstream", "client", "upstream resets", "client resets"] as const;

/** A WebSocket of an operation: what both say is thrown, and cut anywhere. */
export function createTunnelCase(
  path: string,
  offer: keyof typeof offers,
  ending: (typeof endings)[number],
  dice: Dice,
): Case {
  // Before a reset all must have arrived, or chance decides how much of it counts.
  const isPaced = () => ending.endsWith("resets") || !dice.once(3);
  const target = `/v1${path.replaceAll(/\{\w+\}/g, "id")}?model=a%2Fb`;
  const chosen: Line[] = offer.startsWith("a sub") ? [["Sec-WebSocket-Protocol", " realtime"]] : [];
  const extension: Line = [
    "Sec-WebSocket-Extensions",
    " permessage-deflate; client_max_window_bits",
  ];
  const ask: Ask = {
    method: "GET",
    target,
    lines: [
      ["Authorization", " Bearer dummy"],
      ...handshake,
      ...offers[offer],
      ...(dice.once(2) ? [extension] : []),
      ["OpenAI-Beta", " responses_websockets=2026-02-06"],
      ["Cookie", " a=b"],
      ["Sec-Fetch-Mode", " websocket"],
    ],
    body: { framing: "close", slices: pieces(dice, true), paced: isPaced() },
  };
  const answer: Answer = {
    status: 101,
    reason: "Switching Protocols",
    lines: [...switching, ...chosen, ["x-request-id", " req_1"], ["OpenAI-Model", " m"]],
    body: { framing: "close", slices: pieces(dice, false), paced: isPaced() },
    early: ending === "client" ? "head" : "all",
  };
  if (ending === "upstream") ask.hasLastWord = true;
  if (ending === "client") ask.body.cut = "closed";
  if (ending === "upstream resets") answer.body.cut = "reset";
  if (ending === "client resets") {
    ask.body.cut = "reset";
    answer.stops = "before the end";
  }
  return { name: `${path}, ${offer}, ended by ${ending}`, ask, answers: [answer] };
}

/** At least two, so that there is one for after the other side's end. */
function pieces(dice: Dice, isClient: boolean): Buffer[] {
  const said = conversation(dice, isClient);
  return [said.subarray(0, 1), ...sliced(dice, said.subarray(1))];
}

/** A handshake that upstream refuses: the answer is one like any other. */
export function createRefusedCase(path: string, status: number): Case {
  const body = Buffer.from('{"error":{"message":"no","type":"x","param":null,"code":null}}');
  return {
    name: `${path} refused with ${status}`,
    ask: {
      method: "GET",
      target: `/v1${path}`,
      lines: handshake,
      body: { framing: "none", slices: [] },
    },
    answers: [
      {
        status,
        reason: "No",
        lines: [
          ["Content-Type", " application/json"],
          ["Content-Length", ` ${body.length}`],
        ],
        body: { framing: "length", slices: [body] },
      },
    ],
  };
}

export const offerNames = Object.keys(offers) as (keyof typeof offers)[];
