import * as v from "valibot";
import { faultProblem } from "../fault-spec.ts";
import { type Setting, section, toggle, whole } from "../kinds.ts";

const right = 'a fault such as "rate-limit@/v1/chat/*;nth=1"';

const spec = v.pipe(
  v.string(right),
  v.check(
    (text) => faultProblem(text) === undefined,
    ({ input }) => `${right}; ${faultProblem(input)}`,
  ),
);

export const fault = section("Faults", {
  fault: {
    schema: v.array(spec, "a list of texts"),
    fromText: toSpecs,
    default: [],
    about: "Break calls on purpose: name(argument=value)@path;condition=value",
    placeholder: "spec",
    repeatable: true,
    example: ["rate-limit(retry-after=2s)@/v1/chat/*;nth=1", "cut(after=3);chance=20%"],
  } as Setting<string[]>,
  faultHeader: toggle(false, "Let a call ask for a fault of its own by the header x-relay-fault"),
  faultSeed: whole(0, 4_294_967_295, 1, "Which calls chance=… hits: the same seed, the same calls"),
});

/** Several in one text are separated by commas or line ends; commas inside of parentheses are their own. */
function toSpecs(text: string): string[] {
  const parts = text.split(/[\n,](?![^(\n]*\))/);
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
