import type { Call } from "../../../journal/call.ts";
import { outcomeOf } from "../outcome.ts";
import { Icon } from "./icon.tsx";

const icons = { good: "check", warn: "warn", bad: "cross" } as const;

/** Status and ending of a call: by sign and number, not by colour alone. */
export function Badge({ call }: { call: Call }) {
  const { tone, word } = outcomeOf(call);
  return (
    <span class={`badge ${tone}`} title={word}>
      {tone === "running" ? <span class="pulse" /> : <Icon name={icons[tone]} />}
      {call.status || (tone === "running" ? "···" : "–")}
    </span>
  );
}
