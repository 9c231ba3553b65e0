import type { Fault } from "../config/fault-catalogue.ts";
import type { Config } from "../config/settings.ts";
import { brokenOnPurpose, RelayError, relayBug } from "../errors.ts";
import type { Answerer, Exchange, Reply, Trial, UpgradeReply, Upgrader } from "../exchange.ts";
import { without } from "../header-list.ts";
import { alterationOf } from "./alterations.ts";
import { digesting, readAway } from "./body.ts";
import { createChoice, type ToComparable } from "./choose.ts";
import { answerOf } from "./instead.ts";
import { FaultyReply, marked } from "./reply.ts";
import { closingAfter } from "./websocket.ts";

/** What answers, with or without faults. */
type Answering = { answer: Answerer; upgrade: Upgrader };

/**
 * Breaks calls on purpose, as `fault` says, whoever answers them. What it does is told in
 * `exchange.trial`.
 */
export function withFaults(config: Config, toComparable: ToComparable, next: Answering): Answering {
  const choose = createChoice(config, toComparable);

  /** The fault of a call; a header that names none is the client's mistake. */
  function begin(exchange: Exchange, reply: Reply, isUpgrade: boolean): Fault | "none" | "refused" {
    exchange.trial = { digest: digesting(exchange) };
    try {
      const fault = choose(exchange, isUpgrade);
      if (fault) exchange.trial.fault = fault.name;
      return fault ?? "none";
    } catch (error) {
      reply.fail(error instanceof RelayError ? error : relayBug(error));
      return "refused";
    }
  }

  return {
    answer(exchange, reply) {
      const fault = begin(exchange, reply, false);
      if (fault === "refused") return;
      if (fault === "none") next.answer(exchange, reply);
      // Only a handshake is ever asked to become a tunnel.
      else inject(fault, exchange, reply as UpgradeReply, next.answer);
    },
    upgrade(exchange, reply) {
      const fault = begin(exchange, reply, true);
      if (fault === "refused") return;
      if (fault === "none") next.upgrade(exchange, reply);
      else inject(fault, exchange, reply, next.upgrade);
    },
  };
}

function inject(fault: Fault, exchange: Exchange, reply: UpgradeReply, next: Upgrader): void {
  const trial = exchange.trial!;
  if (fault.name === "refuse" || answerOf(fault)) {
    answerInstead(fault, exchange, reply);
    return;
  }
  const struck = () => strike(trial);
  const faulty = new FaultyReply(reply, {
    name: fault.name,
    alteration: alterationOf(fault),
    ...(fault.name === "ws-close" && {
      tunnel: (upstream) => closingAfter(upstream, fault.args, struck),
    }),
    struck,
  });
  if (fault.name !== "slow-head") {
    // Nobody can cut a packed stream behind its third event.
    exchange.headers = without(exchange.headers, /^accept-encoding$/i);
    next(exchange, faulty);
    return;
  }
  struck();
  faulty.onGone = () => clearTimeout(timer);
  const ask = () => {
    faulty.onGone = null;
    next(exchange, faulty);
  };
  const timer = Number.isFinite(fault.args.for) ? setTimeout(ask, fault.args.for) : undefined;
}

/** Nothing is asked: neither OpenAI nor the mock hears of the call. */
function answerInstead(fault: Fault, exchange: Exchange, reply: Reply): void {
  readAway(exchange)
    .then(() => {
      if (reply.over) return;
      strike(exchange.trial!);
      if (fault.name === "refuse") {
        reply.fail(brokenOnPurpose(fault.name, fault.args.how));
        return;
      }
      const { status, reason, headers, body } = answerOf(fault, exchange.fields?.model)!;
      const id = ["x-request-id", `req_${exchange.id}`];
      reply.head(status, reason, [...headers, ...id, marked, fault.name]);
      reply.data(body);
    })
    .catch((error: unknown) => {
      reply.fail(error instanceof RelayError ? error : relayBug(error));
    });
}

function strike(trial: Trial): void {
  trial.struckAt ??= performance.now();
}
