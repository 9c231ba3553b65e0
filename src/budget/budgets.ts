import { setTimeout } from "node:timers/promises";
import { type BudgetSpec, parseBudget } from "../config/budget-spec.ts";
import type { Config } from "../config/settings.ts";
import { RelayError, websocketDisabled } from "../errors.ts";
import type { Answerer, Exchange, Upgrader } from "../exchange.ts";
import { toComparable } from "../policy/path.ts";
import { tellingOf } from "../usage/operations.ts";
import { loadPrices } from "../usage/price-file.ts";
import { accountOf, accountsOf, dayOf } from "./accounts.ts";
import { costIn } from "./cost.ts";
import { estimateOf } from "./estimate.ts";
import { ledgerFile } from "./file.ts";
import { type Hold, type Ledger, openLedger, type Run, type Standing } from "./ledger.ts";
import { MeteredReply } from "./metered.ts";
import { exceeded, unpriced, untold } from "./refusals.ts";

/** The budgets of a relay. */
export type Budgets = {
  /** Lets `inside` answer what there is money for. */
  around<T extends { answer: Answerer; upgrade: Upgrader }>(inside: T): T;
  /** How the budgets stand that are not for `*`; after `close`, how they stood then. */
  standings(): Standing[];
  close(): Promise<void>;
};

/** What is said in them passes the relay by. */
const sessions = /^\/realtime\//;

/** These name a model and do not run it. */
const idle = /^\/(?:assistants|evals)(?:\/[^/]+)?$/;

/** Milliseconds that `close` waits for answers that are still being unpacked. */
const patience = 1_000;

export function createBudgets(config: Config, env: NodeJS.ProcessEnv, run: Run): Budgets {
  const specs = config.budget.map((text) => parseBudget(text)!);
  const prices = loadPrices(config.prices);
  const flat = config.budgetUnknown === "refuse" ? undefined : Number(config.budgetUnknown) * 1e9;
  const ledger = open(specs, env, run);
  const underWay = new Set<Promise<void>>();
  let tidied = "";
  let last: Standing[] | undefined;

  /** What a call may cost, or why it may not pass; `undefined`: it costs nothing. */
  function estimate({ method, fields }: Exchange, path: string): number | RelayError | undefined {
    if (fields === undefined) return undefined;
    const telling = tellingOf(method, path);
    if (telling === "untold" || sessions.test(path)) return untold(`${method} ${path}`);
    const isUnlisted = telling === undefined && fields.model !== undefined && !idle.test(path);
    if (telling !== "told" && !isUnlisted) return undefined;
    const priced = estimateOf(fields, path, config.budgetOutputTokens, prices);
    return priced ?? flat ?? unpriced(fields.model);
  }

  /** Reserves what a call may cost; `undefined`: no budget is for it. */
  function reserve(exchange: Exchange, path: string): Hold | RelayError | undefined {
    const amount = estimate(exchange, path);
    if (typeof amount !== "number") return amount;
    const now = new Date();
    const accounts = accountsOf(specs, exchange, now, run);
    if (accounts.length === 0) return undefined;
    if (dayOf(now) !== tidied) ledger.tidy();
    tidied = dayOf(now);
    const hold = ledger.reserve(accounts, amount);
    return "cap" in hold ? exceeded(hold, amount) : hold;
  }

  const answered =
    (inside: Answerer): Answerer =>
    (exchange, reply) => {
      const path = toComparable(exchange.target.split("?", 1)[0]!, true) ?? "";
      const hold = attempt(() => reserve(exchange, path));
      if (hold instanceof RelayError) return reply.fail(hold);
      if (hold === undefined) return inside(exchange, reply);

      const { promise, resolve } = Promise.withResolvers<void>();
      underWay.add(promise);
      const metered = new MeteredReply(reply, (end) => {
        // Where that fails, what was reserved is counted.
        warning(() => ledger.settle(hold, costIn(end, exchange, path, hold.amount, prices)));
        underWay.delete(promise);
        resolve();
      });
      return inside(exchange, metered);
    };

  const fixed = specs.filter(({ of }) => of?.name !== "*");
  const stand = () => fixed.map((spec) => ledger.standing(accountOf(spec, new Date(), run)));
  // They are there before the first call.
  stand();

  return {
    around: (inside) => ({
      ...inside,
      answer: answered(inside.answer),
      upgrade: (_exchange, reply) => reply.fail(websocketDisabled("budget")),
    }),
    standings: () => last ?? stand(),
    async close() {
      await Promise.race([Promise.all(underWay), setTimeout(patience, undefined, { ref: false })]);
      warning(() => {
        last = stand();
        ledger.close();
      });
    },
  };
}

function open(specs: readonly BudgetSpec[], env: NodeJS.ProcessEnv, run: Run): Ledger {
  try {
    return openLedger(ledgerFile(env), run);
  } catch (error) {
    // What one process counts for itself needs no file.
    if (run.pid !== process.pid || specs.some(({ per }) => per === "day")) throw error;
    return openLedger(":memory:", run);
  }
}

function attempt<T>(work: () => T): T | RelayError {
  try {
    return work();
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
}

function warning(work: () => void): void {
  try {
    work();
  } catch (error) {
    process.emitWarning(error as Error);
  }
}
