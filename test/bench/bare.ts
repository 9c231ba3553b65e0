import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type Dispatcher } from "undici";

// The ceiling of the relay's design: the least that node:http and undici can be told to do and still
// stream with backpressure, strip hop-by-hop headers, put a key on, and fail and abort correctly.

const origin = process.argv[2]!;
const hopByHop = new Set(
  "connection keep-alive proxy-connection te trailer transfer-encoding upgrade".split(" "),
);
const replaced = new Set([...hopByHop, "host", "expect", "authorization"]);
const collectable = 262_144;
const backlog = 65_536;

/** The last one used is the next one used. */
const free: Client[] = [];
const options = { pipelining: 1, allowH2: false, bodyTimeout: 0, headersTimeout: 0 };

const spellings = new Map<string, boolean>();

function isReplaced(name: string): boolean {
  let known = spellings.get(name);
  if (known === undefined) {
    known = replaced.has(name.toLowerCase());
    if (spellings.size < 1000) spellings.set(name, known);
  }
  return known;
}

function toUpstream(raw: string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!isReplaced(raw[i]!)) out.push(raw[i]!, raw[i + 1]!);
  out.push("authorization", "Bearer bare");
  return out;
}

class Forward implements Dispatcher.DispatchHandler {
  res: ServerResponse;
  client: Client;
  controller: Dispatcher.DispatchController | undefined;
  left = -1;
  over = false;
  paused = false;
  waiting: Buffer[] = [];

  constructor(req: IncomingMessage, res: ServerResponse, body: Buffer | IncomingMessage | null) {
    this.res = res;
    this.client = free.pop() ?? new Client(origin, options);
    res.on("close", () => this.close());
    const method = req.method as Dispatcher.HttpMethod;
    this.client.dispatch(
      { path: req.url!, method, headers: toUpstream(req.rawHeaders), body },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.over) controller.abort(new Error("gone"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingMessage["headers"],
  ): void {
    if (status < 200) return;
    const out: string[] = [];
    for (const name in headers) {
      if (hopByHop.has(name)) continue;
      const value = headers[name]!;
      if (typeof value === "string") out.push(name, value);
      else for (const one of value) out.push(name, one);
    }
    this.res.sendDate = false;
    this.res.writeHead(status, out);
    this.left = headers["content-length"] === undefined ? -1 : Number(headers["content-length"]);
    if (this.left !== 0) queueMicrotask(() => this.flush());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.left === chunk.length && this.waiting.length === 0) {
      this.over = true;
      this.res.end(chunk);
      return;
    }
    if (this.left > 0) this.left -= chunk.length;
    if (this.waiting.push(chunk) === 1) queueMicrotask(() => this.flush());
    if (this.paused) controller.pause();
  }

  flush(): void {
    const { res, waiting } = this;
    if (this.over) return;
    if (waiting.length === 0) {
      if (this.left !== 0) res.write("", "latin1");
      return;
    }
    this.waiting = [];
    const chunk = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
    if (res.write(chunk) || this.paused || res.writableLength < backlog) return;
    this.paused = true;
    this.controller?.pause();
    res.once("drain", () => {
      this.paused = false;
      this.controller?.resume();
    });
  }

  onResponseEnd(): void {
    free.push(this.client);
    if (this.over) return;
    this.over = true;
    if (this.waiting.length > 0) this.res.end(Buffer.concat(this.waiting));
    else this.res.end();
  }

  onResponseError(): void {
    this.client.destroy();
    if (this.over) return;
    this.over = true;
    if (this.res.headersSent) this.res.destroy();
    else this.res.writeHead(502).end();
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.controller?.abort(new Error("gone"));
    this.client.destroy();
  }
}

function serve(req: IncomingMessage, res: ServerResponse): void {
  const { "content-length": declared, "transfer-encoding": coding } = req.headers;
  const length = Number(declared ?? -1);
  if (length === 0 || (length < 0 && coding === undefined)) new Forward(req, res, null);
  else if (length < 0 || length > collectable) new Forward(req, res, req);
  else collect(req, length, (body) => new Forward(req, res, body));
}

function collect(req: IncomingMessage, length: number, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  let got = 0;
  req.on("data", (piece: Buffer) => {
    pieces.push(piece);
    got += piece.length;
    if (got === length) done(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  });
  // The parser then calls the listener with what it already holds.
  req.read(0);
}

const server = createServer({ noDelay: true, keepAliveTimeout: 75_000, requestTimeout: 0 }, serve);
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
