import type { Setting } from "./kinds.ts";
import { budget } from "./sections/budget.ts";
import { fault } from "./sections/fault.ts";
import { journal } from "./sections/journal.ts";
import { key } from "./sections/key.ts";
import { limits } from "./sections/limits.ts";
import { listening } from "./sections/listening.ts";
import { log } from "./sections/log.ts";
import { metrics } from "./sections/metrics.ts";
import { mock } from "./sections/mock.ts";
import { policy } from "./sections/policy.ts";
import { tape } from "./sections/tape.ts";
import { match } from "./sections/tape-match.ts";
import { timeouts } from "./sections/timeouts.ts";
import { traffic } from "./sections/traffic.ts";
import { upstream } from "./sections/upstream.ts";
import { usage } from "./sections/usage.ts";

export type { Setting } from "./kinds.ts";
export type { RewriteRule } from "./sections/traffic.ts";

/**
 * Every setting of the relay, declared once. Flags, environment variables, the check of config files,
 * the JSON Schema, the help text and the table in the README are all made from this table.
 */
export const settings = {
  ...listening,
  ...upstream,
  ...mock,
  ...fault,
  ...tape,
  ...journal,
  ...usage,
  ...budget,
  ...metrics,
  ...key,
  ...traffic,
  match,
  policy,
  timeouts,
  limits,
  log,
};

type Values<T> = { [K in keyof T]: T[K] extends Setting<infer V> ? V : Values<T[K]> };

/** The settings in force. Times are in milliseconds, sizes in bytes, file names absolute. */
export type Config = Values<typeof settings>;
