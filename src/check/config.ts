import { ConfigError, UsageError } from "../config/error.ts";
import { display } from "../config/folders.ts";
import { type Input, loadConfig } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { CheckFailure, type Finding, type Step } from "./step.ts";

/** Whether the settings make sense; `config` gives them once the step has been taken. */
export function configStep(input: Input): { step: Step; config: () => Config | undefined } {
  let config: Config | undefined;

  async function run(): Promise<Finding> {
    const loaded = await loadConfig(input).catch(explain);
    config = loaded.config;
    const files = loaded.files.map((file) => display(file, input.cwd)).join(", ");
    const detail = files || "no file: flags, environment and defaults";
    if (loaded.remarks.length === 0) return { detail };
    return { status: "warning", detail, hint: loaded.remarks.join(" ") };
  }

  return { step: { name: "config", run }, config: () => config };
}

function explain(error: unknown): never {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof ConfigError)) throw error;
  const hint = isUsage ? "See relay check --help." : "Correct the value where it comes from.";
  throw new CheckFailure(isUsage ? 2 : 3, error.problems.join("; "), hint);
}
