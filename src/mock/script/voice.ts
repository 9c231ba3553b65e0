import type { Heard } from "../heard.ts";
import type { Limits } from "../limits.ts";
import type { Pace } from "../pace.ts";
import { parsed } from "../spoken.ts";
import type { Failure, Voice } from "../websocket/realtime-responder.ts";
import { paceOf, saidOf } from "./render.ts";
import type { Script } from "./script.ts";

type Parts = { limits: Limits | undefined; script: Script | undefined; pace: Pace };

/** What Realtime says: what a script tells it to, as fast as that says, within the limits. */
export function createVoice({ limits, script, pace }: Parts): Voice {
  return function speak(heard: Heard) {
    const { rates, refusal } = limits?.(heard) ?? {};
    if (refusal) {
      const { error } = parsed(String(refusal.body)) as { error: Failure };
      return { pace: { latency: 0, token: 0, delta: 0 }, rates, error };
    }
    const rule = script?.(heard);
    if (!rule) return { pace, rates };
    const { error } = rule;
    return {
      pace: paceOf(rule, pace),
      rates,
      error,
      said: error ? undefined : saidOf(rule, heard),
    };
  };
}
