import type { Line } from "./wire.ts";

/** A body as it is put on the wire. Each slice is a write of its own. */
export type Body = {
  framing: "none" | "length" | "chunked" | "close";
  slices: Buffer[];
  trailers?: Line[];
  /** What stands behind a chunk's size, such as `;name=value`. */
  extension?: string;
  /** How a chunk's size is written: in capitals, with zeros in front. */
  oddSizes?: boolean;
  /** Each slice waits until the other side has got the one before. */
  paced?: boolean;
  /** The connection ends before the body does. */
  cut?: "closed" | "reset";
};

/** What the client asks. */
export type Ask = {
  method: string;
  target: string;
  version?: "1.0";
  /** All header lines but Host, framing ones included, in wire order. */
  lines: Line[];
  body: Body;
  /** Another request comes in the same write. */
  isPipelined?: boolean;
  /** In a tunnel: the last slice is said when the other side has already ended. */
  hasLastWord?: boolean;
  /** The client goes away at this point of the exchange. */
  leaves?:
    | "before the head"
    | "after the first slice"
    | "during the upload"
    | "after an early answer";
};

/** Whether a client asks for a WebSocket. */
export function isHandshake({ lines }: Pick<Ask, "lines">): boolean {
  return lines.some(([name]) => /^upgrade$/i.test(name));
}

/** What the upstream answers. */
export type Answer = {
  interim?: { first: string; lines: Line[] }[];
  version?: "1.0";
  status: number;
  reason: string;
  lines: Line[];
  body: Body;
  /** The head and the first slice do not wait for the end of the request, or nothing does. */
  early?: "head" | "all";
  /** Never goes on from here: it waits for the client to leave. */
  stops?: "before the head" | "after the first slice" | "before the end";
};

/** One exchange, to be sent twice. */
export type Case = {
  name: string;
  /** Whether the operation wants the admin key. */
  admin?: boolean;
  ask: Ask;
  answers: Answer[];
};

/** The bytes of a head. */
export function headBytes(first: string, lines: readonly Line[]): Buffer {
  const text = lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
  return Buffer.from(`${first}\r\n${text}\r\n`, "latin1");
}

/** The bytes of one slice of a body. */
export function sliceBytes(slice: Buffer, body: Body): Buffer {
  if (body.framing !== "chunked") return slice;
  const hex = slice.length.toString(16);
  const size = body.oddSizes ? `00${hex.toUpperCase()}` : hex;
  const start = `${size}${body.extension ?? ""}\r\n`;
  return Buffer.concat([Buffer.from(start, "latin1"), slice, Buffer.from("\r\n")]);
}

/** What follows the last slice. */
export function lastBytes({ framing, trailers = [] }: Body): Buffer {
  if (framing !== "chunked") return Buffer.alloc(0);
  return headBytes("0", trailers);
}

export function lengthOf(slices: readonly Buffer[]): number {
  return slices.reduce((sum, { length }) => sum + length, 0);
}
