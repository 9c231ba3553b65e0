import type { Answer } from "../client/ask.ts";
import { headerOf } from "../header-list.ts";
import { count, type Finding, type Step, skipped } from "./step.ts";

/** What the answer took to come, and the second that its Date rounds off, are no error of a clock. */
const toleranceMs = 60_000;

/** Whether this machine's clock agrees with the upstream's. */
export function clockStep(answer: () => Answer): Step {
  function run(): Finding {
    const date = Date.parse(headerOf(answer().headers, "date") ?? "");
    if (Number.isNaN(date)) return skipped("the answer has no Date");
    const aheadMs = Date.now() - date;
    if (Math.abs(aheadMs) < toleranceMs) return { detail: "agrees with the upstream's" };
    const way = aheadMs > 0 ? "ahead of" : "behind";
    const detail = `this machine's clock is ${span(Math.abs(aheadMs))} ${way} the upstream's`;
    const hint = "Let the system set it (NTP): certificates and client tokens expire by it.";
    return { status: "warning", detail, hint };
  }
  return { name: "clock", needs: ["http"], run };
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return count(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? count(hours, "hour") : count(Math.round(hours / 24), "day");
}
