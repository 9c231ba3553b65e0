import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Where } from "../../../src/conformance/differences.ts";
import type { Line } from "../../../src/conformance/wire.ts";
import type { Answerer, Exchange, HeaderList, Reply, Upgrader } from "../../../src/exchange.ts";

/** What answers, bent. */
export type Bent = (next: Answerer) => Answerer;

/** One way in which a relay could fall short of the contract, and where the test has to notice. */
export type Bend = {
  name: string;
  shows: Where;
  /** Around what answers inside the relay. */
  inside?: Bent;
  /** Around what opens tunnels. */
  upgrade?: (next: Upgrader) => Upgrader;
  /** Between relay and upstream: the head of each request. */
  up?: (head: string) => string;
  /** Between relay and client: what the relay says; `asked` is what it was last asked. */
  down?: (said: string, asked: string) => string;
};

// The tools that most bends are made with.

/** Changes the header lines of a request. */
export function onLines(change: (lines: Line[]) => Line[]): Bent {
  return onExchange((exchange) => {
    exchange.headers = change(toLines(exchange.headers)).flat();
  });
}

export function onTarget(change: (target: string) => string): Bent {
  return onExchange((exchange) => {
    exchange.target = change(exchange.target);
  });
}

export function onExchange(change: (exchange: Exchange) => void): Bent {
  return (next) => (exchange, reply) => {
    change(exchange);
    next(exchange, reply);
  };
}

/** Waits for the whole body of a request, and sends on what is made of it. */
export function onBody(change: (body: Buffer, lines: Line[]) => Buffer): Bent {
  return (next) => async (exchange, reply) => {
    const { body } = exchange;
    if (body !== null) {
      const whole = Buffer.isBuffer(body) ? body : await collected(body);
      const lines = without(toLines(exchange.headers), /^content-length$/i);
      exchange.body = change(whole, lines);
      exchange.headers = lines.flat();
    }
    next(exchange, reply);
  };
}

/** What came before the upload ended, in whatever way. */
export async function collected(upload: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  upload.on("data", (chunk) => chunks.push(chunk));
  await once(upload, "close");
  return Buffer.concat(chunks);
}

/** Replaces steps of the reply. */
export function onReply(change: (reply: Reply, exchange: Exchange) => Partial<Reply>): Bent {
  return (next) => (exchange, reply) => next(exchange, altered(reply, change(reply, exchange)));
}

/** The reply with other steps; a step of `null` cannot be set either. */
export function altered<T extends Reply>(reply: T, steps: Partial<T>): T {
  return new Proxy(reply, {
    get(target, name) {
      const step = Reflect.get(steps, name) ?? Reflect.get(target, name, target);
      return typeof step === "function" ? step.bind(target) : step;
    },
    set: (target, name, value) => name in steps || Reflect.set(target, name, value, target),
  });
}

type Head = { status: number; reason: string; lines: Line[] };

export function onHead(change: (head: Head, exchange: Exchange) => void): Bent {
  return onReply((reply, exchange) => ({
    head(status, reason, headers) {
      const head = { status, reason, lines: toLines(headers) };
      change(head, exchange);
      reply.head(head.status, head.reason, head.lines.flat());
    },
  }));
}

/** Changes the header lines of an answer. */
export function onAnswerLines(change: (lines: Line[]) => Line[]): Bent {
  return onHead((head) => {
    head.lines = change(head.lines);
  });
}

/** Changes each slice of an answer that has no declared length. */
export function onSlice(change: (slice: string) => string): Bent {
  return onReply((reply) => {
    let isOpen = true;
    return {
      head(status, reason, headers) {
        isOpen = firstOf(toLines(headers), "content-length") === undefined;
        reply.head(status, reason, headers);
      },
      data(chunk) {
        const bent = Buffer.from(change(chunk.toString("latin1")), "latin1");
        return reply.data(isOpen ? bent : chunk);
      },
    };
  });
}

export function toLines(headers: HeaderList): Line[] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]!] as Line] : []));
}

export function without(lines: Line[], name: RegExp): Line[] {
  return lines.filter(([n]) => !name.test(n));
}

export function firstOf(lines: Line[], name: string): string | undefined {
  return lines.find(([n]) => n.toLowerCase() === name)?.[1];
}

/** Keeps one line of each name, in the place of the first. */
export function merged(lines: Line[], merge: (first: string, second: string) => string): Line[] {
  const found = new Map<string, Line>();
  for (const [name, value] of lines) {
    const line = found.get(name.toLowerCase());
    if (line) line[1] = merge(line[1], value);
    else found.set(name.toLowerCase(), [name, value]);
  }
  return [...found.values()];
}

export function sorted(lines: Line[]): Line[] {
  return lines.toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}

export function toUtf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
