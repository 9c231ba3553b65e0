import { masked } from "./shown.ts";

/** Something wrong in the settings, told in one line. */
export type Problem = {
  text: string;
  /** The flag on the command line is at fault, not a file or the environment. */
  flag: boolean;
  /** The setting, where it is about one. */
  path?: string;
};

class Refusal extends Error {
  /** One line each. */
  readonly problems: readonly string[];

  constructor(...problems: string[]) {
    // They quote what files, variables and flags say.
    const told = problems.map(masked);
    super(told.join("\n"));
    this.problems = told;
  }
}

/** The environment or a config file says something that cannot be done. */
export class ConfigError extends Refusal {
  override name = "ConfigError";
}

/** The command line says something that cannot be done. */
export class UsageError extends Refusal {
  override name = "UsageError";
}

/** Throws all problems at once; a `UsageError` only when flags alone are at fault. */
export function failOn(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem) => problem.text);
  throw problems.every((problem) => problem.flag)
    ? new UsageError(...lines)
    : new ConfigError(...lines);
}
