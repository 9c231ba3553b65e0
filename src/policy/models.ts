import { matches } from "../config/pattern.ts";
import type { Config } from "../config/settings.ts";
import { policyDenied, type RelayError } from "../errors.ts";
import type { Named } from "./named.ts";
import { quoted } from "./quoted.ts";

/** Says of what a request names whether it may pass. */
export type NamedCheck = (named: Named) => RelayError | undefined;

/** The rules on models and tokens: `policy.models`, `policy.denyModels`, `policy.maxOutputTokens`. */
export function createNamedCheck({ policy }: Config): NamedCheck {
  const { models, denyModels, maxOutputTokens } = policy;
  const list = models.map((pattern) => `"${pattern}"`).join(", ");

  return function check(named) {
    if (models.length > 0 && named.models.length === 0)
      return policyDenied(`policy.models lets ${list} pass, and this request names no model.`);
    for (const model of named.models) {
      const ban = denyModels.find((pattern) => fits(pattern, model));
      if (ban)
        return policyDenied(`policy.denyModels "${ban}" forbids the model ${quoted(model)}.`);
      if (models.length > 0 && !models.some((pattern) => fits(pattern, model)))
        return policyDenied(`policy.models lets ${list} pass, not the model ${quoted(model)}.`);
    }
    const { maxOutputTokens: asked = 0 } = named;
    if (maxOutputTokens > 0 && asked > maxOutputTokens) {
      const amount = asked === Infinity ? "more than any number of" : asked;
      return policyDenied(
        `policy.maxOutputTokens is ${maxOutputTokens}, and this request asks for ${amount} output tokens.`,
      );
    }
    return undefined;
  };
}

function fits(pattern: string, model: string): boolean {
  return matches(pattern.toLowerCase(), model.trim().toLowerCase());
}
