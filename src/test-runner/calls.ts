import { RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, Observer, Upgrader } from "../exchange.ts";
import { pathOf } from "../observe/request-line.ts";
import { collect } from "../policy/collect.ts";
import { namedByQuery, readNamed } from "../policy/named.ts";
import { namesNoModel } from "../policy/operations.ts";
import { toComparable } from "../policy/path.ts";
import { own } from "../server/router.ts";
import type { Call } from "./test.d.cts";

/** What clients ask, for tests. */
export type Calls = { list: Call[]; misses: string[]; observer: Observer };

export function createCalls(): Calls {
  const list: Call[] = [];
  const misses: string[] = [];
  const open = new WeakMap<Exchange, Call>();

  const observer: Observer = {
    asked(exchange) {
      const { method, target } = exchange;
      if (target.startsWith(own)) return;
      const unknown = { model: undefined, ending: undefined, error: undefined, fault: undefined };
      const call: Call = { method, path: pathOf(target), status: 0, ...unknown };
      open.set(exchange, call);
      list.push(call);
    },
    answered(exchange, status) {
      const call = open.get(exchange);
      if (call) Object.assign(call, { status, ...learnt(exchange) });
    },
    ended(exchange, { ending, status, error }) {
      const call = open.get(exchange);
      if (!call) return;
      Object.assign(call, { status, ending, error: error?.code, ...learnt(exchange) });
      if (error?.code === "tape_miss") misses.push(error.message);
    },
  };
  return { list, misses, observer };
}

function learnt({ fields, trial }: Exchange): Pick<Call, "model" | "fault"> {
  return { model: fields?.model, fault: trial?.fault };
}

/** Bytes that a packed body may unpack to. */
const readable = 64 * 1024 ** 2;

/** Finds out which model a request names, and refuses nothing for it. */
export function withModel(next: Answerer): Answerer {
  return function answer(exchange, reply) {
    if (namesNoModel(exchange.method, exchange.target.split("?", 1)[0]!)) {
      next(exchange, reply);
      return;
    }
    collect(exchange, Number.POSITIVE_INFINITY).then(
      async (body) => {
        const path = toComparable(exchange.target.split("?", 1)[0]!, true) ?? "";
        const named = await readNamed(exchange, path, body, readable).catch(() => undefined);
        exchange.fields = toFields(named?.models);
        if (!reply.over) next(exchange, reply);
      },
      (error: unknown) => reply.fail(error instanceof RelayError ? error : relayBug(error)),
    );
  };
}

export function withModelOnUpgrade(next: Upgrader): Upgrader {
  return function upgrade(exchange, reply) {
    try {
      exchange.fields = toFields(namedByQuery(exchange.target));
    } catch {
      // It names two, and is upstream's to judge.
    }
    next(exchange, reply);
  };
}

function toFields([model]: readonly string[] = []): { model?: string } {
  return model === undefined ? {} : { model };
}
