import type { Config } from "../config/settings.ts";
import { policyDenied, RelayError, relayBug, websocketDisabled } from "../errors.ts";
import type { Answerer, Exchange, Fields, Upgrader } from "../exchange.ts";
import { askersOf, rulesOf } from "./askers.ts";
import { collect } from "./collect.ts";
import { createNamedCheck } from "./models.ts";
import { type Named, namedByQuery, readNamed } from "./named.ts";
import { namesModelFirst, namesNoModel, runsOthers } from "./operations.ts";
import { toComparable } from "./path.ts";
import { disguiseIn } from "./requests.ts";
import { sizeOf } from "./size.ts";
import { Unreadable } from "./unreadable.ts";

/** Bytes of a body that are read where `limits.body` sets no other limit. */
const readable = 64 * 1024 ** 2;

/** Answers with `next` what may pass by what it names, and tells `next` what that is. */
export function withFields(config: Config, next: Answerer): Answerer {
  const rules = rulesOf(config);
  const asking = askersOf(config);
  const check = createNamedCheck(config);
  const most = config.limits.body || readable;
  const hasBudgets = config.budget.length > 0;

  return function answer(exchange, reply) {
    if (namesNothing(exchange)) {
      next(exchange, reply);
      return;
    }
    read(exchange)
      .then((named) => {
        if (reply.over) return;
        const refusal = check(named);
        exchange.fields = toFields(named);
        if (hasBudgets) exchange.fields.size = sizeOf(named, pathOf(exchange));
        if (refusal) reply.fail(refusal);
        else next(exchange, reply);
      })
      .catch((error: unknown) => reply.fail(toRefusal(error, asking)));
  };

  async function read(exchange: Exchange): Promise<Named> {
    const path = pathOf(exchange);
    if (rules.length > 0 && runsOthers(path))
      throw new Unreadable("a batch names its models in a file");
    return readNamed(exchange, path, await collect(exchange, most), most);
  }
}

/** The same for WebSockets: those whose messages could name another model are refused. */
export function withFieldsOnUpgrade(config: Config, next: Upgrader): Upgrader {
  const rules = rulesOf(config);
  const hasModels = config.policy.models.length + config.policy.denyModels.length > 0;
  const check = createNamedCheck(config);

  return function upgrade(exchange, reply) {
    try {
      const path = pathOf(exchange);
      const named: Named = { models: namedByQuery(exchange.target), maxOutputTokens: undefined };
      const isLoose = !namesModelFirst(path) || (hasModels && named.models.length === 0);
      const refusal =
        rules.length === 0 ? undefined : isLoose ? websocketDisabled(rules[0]) : check(named);
      exchange.fields = toFields(named);
      if (refusal) reply.fail(refusal);
      else next(exchange, reply);
    } catch (error) {
      reply.fail(toRefusal(error, askersOf(config)));
    }
  };
}

function namesNothing({ method, target, headers }: Exchange): boolean {
  return disguiseIn(headers) === undefined && namesNoModel(method, target.split("?", 1)[0]!);
}

function pathOf({ target, headers }: Exchange): string {
  const path = toComparable(target.split("?", 1)[0]!, true);
  if (path === undefined) throw new Unreadable("its path can be read in two ways");
  const disguise = disguiseIn(headers);
  if (disguise !== undefined)
    throw new Unreadable(`its header ${disguise} may change what it asks`);
  return path;
}

function toFields({ models: [model], maxOutputTokens }: Named): Fields {
  return {
    ...(model !== undefined && { model }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

function toRefusal(error: unknown, asking: string[]): RelayError {
  if (error instanceof RelayError) return error;
  if (!(error instanceof Unreadable)) return relayBug(error);
  const isOne = asking.length === 1;
  return policyDenied(
    `${asking.join(", ")} ${isOne ? "needs" : "need"} to know what a request asks for, and this one cannot be read for certain: ${error.message}.`,
  );
}
