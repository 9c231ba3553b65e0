import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { printable } from "./answer.ts";
import { type Finding, type Step, skipped } from "./step.ts";

/** How much of the rate limits is left, by the last answer that told. */
export function limitsStep(headers: () => HeaderList[]): Step {
  function run(): Finding {
    const found = headers().map(limitsIn);
    const limits = found.findLast((some) => some.length > 0);
    if (!limits) return skipped("the answers name no rate limits (those of --deep do)");
    const scarce = limits.filter(({ limit, remaining }) => remaining < limit / 10);
    const detail = limits
      .map(({ of, limit, remaining }) => `${of} ${toText(remaining)} of ${toText(limit)} left`)
      .join(", ");
    if (scarce.length === 0) return { detail };
    const back = scarce.map(({ of, reset }) => `${of} are back in ${reset || "a while"}`);
    return { status: "warning", detail, hint: `Slow down: ${back.join(", ")}.` };
  }
  return { name: "limits", needs: ["auth"], run };
}

type Limit = { of: string; limit: number; remaining: number; reset: string };

function limitsIn(headers: HeaderList): Limit[] {
  return ["requests", "tokens"].flatMap((of) => {
    const read = (what: string) => headerOf(headers, `x-ratelimit-${what}-${of}`) ?? "";
    const [limit, remaining] = [Number(read("limit")), Number(read("remaining") || Number.NaN)];
    if (!(limit > 0) || Number.isNaN(remaining)) return [];
    return { of, limit, remaining, reset: printable(read("reset")) };
  });
}

function toText(number: number): string {
  return number.toLocaleString("en-US");
}
