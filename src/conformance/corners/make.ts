import { type Answer, type Ask, type Body, lengthOf } from "../case.ts";
import type { Line } from "../wire.ts";

// What most corners are made of.

export const json: Line = ["Content-Type", " application/json"];
export const chunkedLine: Line = ["Transfer-Encoding", " chunked"];

export function counted(...pieces: (string | Buffer)[]): { line: Line; body: Body } {
  const slices = pieces.map((piece) => Buffer.from(piece as string));
  const line: Line = ["Content-Length", ` ${lengthOf(slices)}`];
  return { line, body: { framing: "length", slices } };
}

export function chunked(...pieces: (string | Buffer)[]): Body {
  const slices = pieces.map((piece) => Buffer.from(piece as string));
  return { framing: "chunked", slices, paced: true };
}

export function get(target = "/v1/models", lines: Line[] = []): Ask {
  return { method: "GET", target, lines, body: { framing: "none", slices: [] } };
}

export function post(text: string | Buffer, lines: Line[] = [json], target = "/v1/responses"): Ask {
  const { line, body } = counted(text);
  return { method: "POST", target, lines: [...lines, line], body };
}

export function upload(body: Body, lines: Line[] = [json]): Ask {
  return { method: "POST", target: "/v1/files", lines: [...lines, chunkedLine], body };
}

export function answer(
  status = 200,
  lines: Line[] = [json],
  text: string | Buffer = '{"ok":true}',
): Answer {
  const { line, body } = counted(text);
  return { status, reason: "OK", lines: [...lines, line], body };
}

export function stream(body: Body, lines: Line[] = []): Answer {
  const type: Line = ["Content-Type", " text/event-stream; charset=utf-8"];
  return { status: 200, reason: "OK", lines: [type, ...lines, chunkedLine], body };
}

/** An answer without a body of its own. */
export function bare(status: number, lines: Line[]): Answer {
  return { status, reason: "Bare", lines, body: { framing: "none", slices: [] } };
}

/** JSON that nothing but its bytes can repeat. */
export const oddJson =
  '{"n":123456789012345678901234567890,"a":1,"a":2,"é":"\\u00e9","x":1e400,"m" : -0}\n';
