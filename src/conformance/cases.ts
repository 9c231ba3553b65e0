import { encode, encodings, eventStream, jsonBody, multipartBody, sliced } from "./bodies.ts";
import type { Answer, Ask, Body, Case } from "./case.ts";
import type { Dice } from "./dice.ts";
import { answerLines, oddly, put, requestLines } from "./lines.ts";
import type { Line } from "./wire.ts";

/** An operation of the API. */
export type Operation = {
  method: string;
  path: string;
  auth: "bearer" | "admin";
  stream: "sse" | "binary" | "websocket" | null;
  request: string[];
  response: string[];
  beta: string | null;
};

/** An exchange as this operation may have it; everything in it that can vary is thrown. */
export function createCase(operation: Operation, dice: Dice): Case {
  return {
    name: `${operation.method} ${operation.path}`,
    admin: operation.auth === "admin",
    ask: createAsk(operation, dice),
    answers: [createAnswer(operation, dice)],
  };
}

const ids = [
  "id",
  "resp_68aF",
  "ft:gpt-4.1%2Fa%20b",
  "%C3%BC",
  "a..b",
  "~a-b_c",
  "x%2f",
  "a;b,c=d@e:f!$&'()*+",
];
const queries = [
  "",
  "",
  "?",
  "?limit=20&order=asc",
  "?include%5B%5D=a&include%5B%5D=b",
  "?include[]=a/b&x=%2F&y=a+b%20c",
  "?after=&before",
  "?stream=true&starting_after=7",
  '?q="<{|}>`^\\"&%zz&%',
  "??&&==",
];

function createAsk({ method, path, request, beta }: Operation, dice: Dice): Ask {
  const [template = "", own] = path.split("?");
  const filled = template.replaceAll(/\{\w+\}/g, () => dice.pick(ids));
  const query = own === undefined ? dice.pick(queries) : `?${own}`;
  const target = `${dice.once(5) ? "" : "/v1"}${filled}${query}`;
  const lines = requestLines(dice, beta);

  const media = request.length === 0 ? undefined : dice.pick(request);
  if (media === undefined) {
    const hasLength = method === "POST" || dice.once(20);
    if (hasLength) put(dice, lines, ["Content-Length", " 0"]);
    return { method, target, lines, body: { framing: hasLength ? "length" : "none", slices: [] } };
  }
  const { type, bytes } = createContent(media, dice);
  if (!dice.once(10)) put(dice, lines, [oddly(dice, "Content-Type"), type]);
  return { method, target, lines, body: createBody(bytes, dice, lines, true) };
}

function createAnswer({ response, stream }: Operation, dice: Dice): Answer {
  const lines = answerLines(dice);
  const isError = dice.once(5);
  const status = isError
    ? dice.pick([400, 401, 404, 429, 500, 503])
    : dice.pick([200, 200, 201, 206]);
  const reason = dice.pick(["OK", "", "Not As Usual", "Ça va".normalize("NFC"), String(status)]);
  const media = isError ? "application/json" : dice.pick([...response, "application/json"]);
  const events = media === "text/event-stream" || (stream === "sse" && dice.once(2));
  const content = events
    ? { type: " text/event-stream; charset=utf-8", bytes: eventStream(dice) }
    : createContent(media, dice);
  put(dice, lines, ["Content-Type", content.type]);
  const body = createBody(content.bytes, dice, lines, false);
  // The phrase is in UTF-8 here: in latin-1 it is one of the corners.
  return { status, reason: Buffer.from(reason).toString("latin1"), lines, body };
}

function createContent(media: string, dice: Dice): { type: string; bytes: Buffer } {
  if (media === "multipart/form-data") {
    const { boundary, bytes } = multipartBody(dice);
    const quoted = /^[\w-]+$/.test(boundary) ? boundary : `"${boundary}"`;
    return { type: ` multipart/form-data; boundary=${quoted}`, bytes };
  }
  if (media === "application/json")
    return {
      type: dice.pick([` ${media}`, `${media};charset=UTF-8 `]),
      bytes: Buffer.from(jsonBody(dice)),
    };
  if (media === "application/sdp")
    return { type: ` ${media}`, bytes: Buffer.from("v=0\r\no=- 1 2 IN IP4 0\r\n") };
  if (media === "text/event-stream") return { type: ` ${media}`, bytes: eventStream(dice) };
  return { type: ` ${media}`, bytes: dice.bytes(dice.below(dice.once(4) ? 150_000 : 3_000)) };
}

/** Encodes, frames and cuts a body, and puts the lines for that among `lines`. */
function createBody(plain: Buffer, dice: Dice, lines: Line[], isRequest: boolean): Body {
  const encoding = dice.once(2) ? "identity" : dice.pick(encodings);
  if (encoding !== "identity") put(dice, lines, [oddly(dice, "Content-Encoding"), ` ${encoding}`]);
  const bytes = dice.once(12) ? Buffer.alloc(0) : encode(encoding, plain);
  const slices = sliced(dice, bytes);
  // What is larger than a read arrives in pieces that nobody has chosen.
  const paced = dice.once(2) && bytes.length < 16_000;
  if (!isRequest && dice.once(8)) return { framing: "close", slices, paced };
  if (dice.once(2)) {
    put(dice, lines, [oddly(dice, "Content-Length"), ` ${bytes.length}`]);
    return { framing: "length", slices, paced };
  }
  put(dice, lines, [oddly(dice, "Transfer-Encoding"), " chunked"]);
  const extension = dice.once(4) ? ';a="b c"' : "";
  const trailers: Line[] = dice.once(4)
    ? [
        ["X-Checksum", " abc"],
        ["x-late", ""],
      ]
    : [];
  return { framing: "chunked", slices, paced, extension, oddSizes: dice.once(4), trailers };
}
