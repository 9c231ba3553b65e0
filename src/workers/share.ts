import { availableParallelism } from "node:os";
import type { Config } from "../config/settings.ts";
import type { Edition } from "./words.ts";

/** How many processes serve. */
export function countOf({ workers }: Config): number {
  return workers === "auto" ? availableParallelism() : workers;
}

/** The settings of one worker of several: its part of the limits, and a log for the primary to read. */
export function shareOf({ config, edition }: Edition, place: number): Edition {
  const count = countOf(config);
  const part = (whole: number) =>
    Math.max(1, Math.floor(whole / count) + (place < whole % count ? 1 : 0));
  const { limits, log } = config;
  return {
    config: {
      ...config,
      limits: {
        ...limits,
        connections: part(limits.connections),
        requests: limits.requests === 0 ? 0 : part(limits.requests),
      },
      log: { ...log, format: "json" },
    },
    edition,
  };
}
