import { startRawUpstream } from "./upstream.ts";

export type Wire = AsyncDisposable & {
  url: string;
  /** Each whole request as the bytes it was, in latin-1. */
  requests: string[];
  /** Everything received, whole or not. */
  readonly received: string;
  /** The next whole request, or one that nobody asked for yet. */
  next(): Promise<string>;
};

const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** An upstream that keeps requests as they were on the wire and gives each the same answer. */
export async function startWire(answer = empty): Promise<Wire> {
  const requests: string[] = [];
  const unseen: string[] = [];
  const waiting: ((request: string) => void)[] = [];
  let received = "";
  const upstream = await startRawUpstream((socket) => {
    let rest = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      rest += chunk.toString("latin1");
      for (let length = lengthOf(rest); length > 0; length = lengthOf(rest)) {
        const request = rest.slice(0, length);
        rest = rest.slice(length);
        requests.push(request);
        socket.write(answer, "latin1");
        const next = waiting.shift();
        if (next) next(request);
        else unseen.push(request);
      }
    });
  });
  return {
    url: upstream.url,
    requests,
    get received() {
      return received;
    },
    next: async () => unseen.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
}

/** The length of the first whole request in `bytes`; 0: there is none yet. */
function lengthOf(bytes: string): number {
  const head = bytes.indexOf("\r\n\r\n") + 4;
  if (head < 4) return 0;
  const lines = bytes.slice(0, head).toLowerCase();
  if (/\r\ntransfer-encoding: chunked\r\n/.test(lines)) return chunkedEnd(bytes, head);
  const length = head + Number(/\r\ncontent-length: (\d+)\r\n/.exec(lines)?.[1] ?? 0);
  return bytes.length < length ? 0 : length;
}

function chunkedEnd(bytes: string, start: number): number {
  let at = start;
  while (true) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return 0;
    const size = Number.parseInt(bytes.slice(at, line), 16);
    at = line + 2 + size + 2;
    if (bytes.length < at) return 0;
    if (size === 0) return at;
  }
}

/** The header lines of a request, as they are. */
export function linesOf(request: string): string[] {
  return request.slice(0, request.indexOf("\r\n\r\n")).split("\r\n").slice(1);
}

/** The values of a header, one for each line. */
export function valuesOf(request: string, name: string): string[] {
  return linesOf(request)
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());
}

/** The body of a request as the client meant it, whatever frames it. */
export function bodyOf(request: string): string {
  const body = request.slice(request.indexOf("\r\n\r\n") + 4);
  if (valuesOf(request, "transfer-encoding").length === 0) return body;
  let text = "";
  for (let at = 0; ; ) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, line), 16);
    if (size === 0) return text;
    text += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
