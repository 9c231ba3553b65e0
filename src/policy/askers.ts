import { parseFault } from "../config/fault-spec.ts";
import type { Config } from "../config/settings.ts";

/** Whether a setting asks what requests name: only then are bodies read. */
export function needsFields(config: Config): boolean {
  return askersOf(config).length > 0;
}

/** The settings that ask, by name. */
export function askersOf(config: Config): string[] {
  const hasKeysByModel = config.keys.some(({ models }) => models !== undefined);
  const hasFaultsByModel = config.fault.some((text) => parseFault(text).when.model !== undefined);
  return [
    ...rulesOf(config),
    ...(hasKeysByModel ? ["keys"] : []),
    ...(hasFaultsByModel ? ["fault"] : []),
  ];
}

/** Those of them that may refuse what they find. */
export function rulesOf({ policy, budget }: Config): string[] {
  const { models, denyModels, maxOutputTokens } = policy;
  return [
    ...(models.length > 0 ? ["policy.models"] : []),
    ...(denyModels.length > 0 ? ["policy.denyModels"] : []),
    ...(maxOutputTokens > 0 ? ["policy.maxOutputTokens"] : []),
    ...(budget.length > 0 ? ["budget"] : []),
  ];
}
