import * as v from "valibot";
import { budgetRight, parseBudget } from "../budget-spec.ts";
import { type Setting, section, text, whole } from "../kinds.ts";

const spec = v.pipe(
  v.string(budgetRight),
  v.check((one) => parseBudget(one) !== undefined, budgetRight),
);

export const budget = section("Budgets", {
  budget: {
    schema: v.array(spec, "a list of texts"),
    fromText: (given) => given.split(/[,\n]/).flatMap((part) => part.trim() || []),
    default: [],
    about: "Most US dollars that calls may cost: [token=name:|tag=name:]amount/day or /run",
    placeholder: "spec",
    repeatable: true,
    example: ["5.00/day", "tag=nightly:0.50/day"],
  } as Setting<string[]>,
  budgetOutputTokens: whole(
    1,
    1_000_000,
    16_384,
    "Output tokens that a budget reserves for a call that asks for no limit",
  ),
  budgetUnknown: text(
    "0.10",
    "What a call of unknown price counts, in US dollars; refuse: such calls do not pass",
    { placeholder: "amount" },
    [/^(?:refuse|\d{1,6}(?:\.\d{1,9})?)$/, 'an amount such as "0.10", or "refuse"'],
  ),
});
