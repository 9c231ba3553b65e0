import type { AnswerPlan, RequestPlan } from "./plan.ts";

// The bytes of a plan.

/** What upstream says and does for one exchange. */
export type Script = {
  segments: { bytes: Buffer; ms: number }[];
  /** What it does after that. */
  last: "waits" | "end" | "reset" | "silence";
  truth: Truth;
  /** The body that a client should get, as far as it was sent. */
  body: Buffer;
};

/** What became of an answer on upstream's side. */
export type Truth = "whole" | "cut in its head" | "cut" | "silent";

export function toRequest(
  id: number,
  { version, method, framing, bodyBytes }: RequestPlan,
): Buffer {
  const lines = [`${method} /v1/${id} HTTP/${version}`, "Host: localhost"];
  if (method === "GET") return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
  const body = "x".repeat(bodyBytes);
  // HTTP/1.0 has no chunks.
  const isChunked = framing === "chunked" && version === "1.1";
  lines.push(isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bodyBytes}`);
  return Buffer.from(
    `${lines.join("\r\n")}\r\n\r\n${isChunked ? `${chunk(body)}0\r\n\r\n` : body}`,
  );
}

export function toScript(id: number, { framing, pieces, cut }: AnswerPlan): Script {
  const texts = pieces.map(({ bytes }) => `${id};`.repeat(bytes).slice(0, bytes));
  const body = Buffer.from(texts.join(""));
  const framings = {
    length: `Content-Length: ${body.length}\r\n`,
    chunked: "Transfer-Encoding: chunked\r\n",
    close: "",
  };
  const head = `HTTP/1.1 200 OK\r\nX-Exchange: ${id}\r\n${framings[framing]}\r\n`;
  const segments = [{ bytes: Buffer.from(head), ms: 0 }];
  texts.forEach((text, i) => {
    const bytes = Buffer.from(framing === "chunked" ? chunk(text) : text);
    segments.push({ bytes, ms: pieces[i]!.ms });
  });
  if (framing === "chunked") segments.push({ bytes: Buffer.from("0\r\n\r\n"), ms: 0 });
  if (!cut) return { segments, last: framing === "close" ? "end" : "waits", truth: "whole", body };

  const total = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const said = cutOff(segments, Math.floor(cut.at * total));
  const script = { segments: said, last: cut.how, body };
  if (cut.how === "silence") return { ...script, truth: "silent" };
  const saidBytes = said.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (saidBytes < head.length) return { ...script, truth: "cut in its head" };
  if (framing === "close" && cut.how === "end")
    return { ...script, truth: "whole", body: body.subarray(0, saidBytes - head.length) };
  return { ...script, truth: "cut" };
}

function chunk(text: string): string {
  return text === "" ? "" : `${text.length.toString(16)}\r\n${text}\r\n`;
}

function cutOff(segments: Script["segments"], at: number): Script["segments"] {
  let left = at;
  const said: Script["segments"] = [];
  for (const { bytes, ms } of segments) {
    if (left <= 0) break;
    said.push({ bytes: bytes.subarray(0, left), ms });
    left -= bytes.length;
  }
  return said;
}

/** An answer as a client has to understand it. */
export type Read = { status: number; isWhole: boolean; body: Buffer };

/** Reads an answer as far as it came; `ended`: the connection came to an orderly end. */
export function readAnswer(bytes: Buffer, ended: boolean): Read | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd + 2);
  const status = Number(head.slice(9, 12));
  const rest = bytes.subarray(headEnd + 4);
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return { status, ...readChunks(rest) };
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  if (length === undefined) return { status, isWhole: ended, body: rest };
  return { status, isWhole: rest.length >= Number(length), body: rest };
}

function readChunks(bytes: Buffer): { isWhole: boolean; body: Buffer } {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return { isWhole: false, body: Buffer.concat(pieces) };
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const start = line + 2;
    if (size === 0) return { isWhole: bytes.length >= start + 2, body: Buffer.concat(pieces) };
    pieces.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
