import type { Outcome } from "../../src/exchange.ts";
import type { Plan } from "./plan.ts";
import { type Script, toRequest, toScript } from "./script.ts";

/** What is known of one exchange, from all who saw it. */
export type Trace = {
  readonly id: number;
  readonly plan: Plan;
  readonly request: Buffer;
  readonly script: Script;

  /** How often upstream was asked. */
  arrivals: number;
  /** Whether the whole request reached upstream. */
  wasAskedWhole: boolean;
  /** Whether upstream did all of its script. */
  saidAll: boolean;
  /** Connections of upstream that are at it. */
  serving: number;
  /** Milliseconds from the client's leaving until upstream heard of it. */
  heardAfter: number | undefined;
  /** Upstream's connection was closed though the client was there and nothing was wrong. */
  wasDropped: boolean;
  /** Called at upstream's last act. */
  onLastAct: (() => void) | undefined;

  received: Buffer[];
  /** The answer had come whole when the client left. */
  gotWhole: boolean;
  /** When the client left of its own will; `undefined`: it did not. */
  leftAt: number | undefined;
  /** The relay ended the client's connection in order. */
  endedInOrder: boolean;
  /** The client waited for an end that did not come. */
  isStuck: boolean;

  asked: number;
  outcomes: Outcome[];
  /** Lines of the log that say more than that it happened. */
  blamed: number;
};

export function createTrace(id: number, plan: Plan): Trace {
  return {
    id,
    plan,
    request: toRequest(id, plan.request),
    script: toScript(id, plan.answer),
    arrivals: 0,
    wasAskedWhole: false,
    saidAll: false,
    serving: 0,
    heardAfter: undefined,
    wasDropped: false,
    onLastAct: undefined,
    received: [],
    gotWhole: false,
    leftAt: undefined,
    endedInOrder: false,
    isStuck: false,
    asked: 0,
    outcomes: [],
    blamed: 0,
  };
}
