import { createHash } from "node:crypto";
import type { Fault } from "../config/fault-catalogue.ts";
import { type FaultSpec, parseFault, SpecProblem, type When } from "../config/fault-spec.ts";
import { matches } from "../config/pattern.ts";
import type { Config } from "../config/settings.ts";
import { badFault } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { headerOf } from "../header-list.ts";

/** Says which fault a call gets; `undefined`: none. Throws a `RelayError` at a header that says none. */
export type Choose = (exchange: Exchange, isUpgrade: boolean) => Fault | undefined;

/** A path in the spelling in which rules are compared with it. */
export type ToComparable = (path: string) => string | undefined;

/** What can happen to a handshake before it becomes a WebSocket; `ws-close` comes after that. */
const untilHead = /^(?:rate-limit|quota|\d{3}|refuse|slow-head)$/;

/**
 * The first that fits a call is the one that it gets. Each counts the calls that its path and model match,
 * whether it hits them or not: so what one of them does depends on no other.
 */
export function createChoice(config: Config, toComparable: ToComparable): Choose {
  const rules = config.fault.map((text, index) => {
    const spec = parseFault(text);
    return {
      spec,
      isFor: createMatch(spec, toComparable),
      hits: createTurns(spec.when, config, index),
    };
  });

  return function choose(exchange, isUpgrade) {
    const asked = config.faultHeader ? headerOf(exchange.headers, "x-relay-fault") : undefined;
    if (asked !== undefined) return toFault(asked);
    let chosen: Fault | undefined;
    for (const { spec, isFor, hits } of rules) {
      if (!canHappen(spec.fault, isUpgrade) || !isFor(exchange)) continue;
      if (hits()) chosen ??= spec.fault;
    }
    return chosen;
  };
}

function canHappen({ name }: Fault, isUpgrade: boolean): boolean {
  return name === "ws-close" ? isUpgrade : !isUpgrade || untilHead.test(name);
}

function createMatch(
  { when }: FaultSpec,
  toComparable: ToComparable,
): (exchange: Exchange) => boolean {
  const path = when.path === undefined ? undefined : toComparable(when.path);
  const wanted = when.model?.toLowerCase();
  return function isFor({ method, target, fields }) {
    if (when.method !== undefined && when.method !== method) return false;
    if (wanted !== undefined && !matches(wanted, (fields?.model ?? "").trim().toLowerCase()))
      return false;
    if (path === undefined) return true;
    const asked = toComparable(target.split("?", 1)[0]!);
    return asked !== undefined && matches(path, asked);
  };
}

/** Says of one call after the other whether it is its turn. The same seed says the same. */
function createTurns(
  { nth: [from, to] = [1, Number.POSITIVE_INFINITY], every = 1, chance = 1 }: When,
  { faultSeed }: Config,
  index: number,
): () => boolean {
  let calls = 0;
  return function hits() {
    calls++;
    if (calls < from || calls > to || calls % every !== 0) return false;
    if (chance === 1) return true;
    const digest = createHash("sha256").update(`${faultSeed} ${index} ${calls}`).digest();
    return digest.readUInt32BE() / 2 ** 32 < chance;
  };
}

function toFault(text: string): Fault {
  try {
    const { fault, when } = parseFault(text);
    if (Object.keys(when).length === 0) return fault;
    throw badFault("it is for this call alone.");
  } catch (error) {
    throw error instanceof SpecProblem ? badFault(error.message) : error;
  }
}
