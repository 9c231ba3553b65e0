import { ConfigError, UsageError } from "../config/error.ts";
import { display } from "../config/folders.ts";
import { type Input, type Loaded, loadConfig } from "../config/load.ts";
import { allSettings } from "../config/names.ts";
import type { Config } from "../config/settings.ts";
import { shown } from "../config/shown.ts";
import { CheckFailure, count, type Finding, type Step } from "./step.ts";

/** Whether the settings make sense; `loaded` gives them once the step has been taken. */
export function configStep(input: Input): { step: Step; loaded: () => Loaded | undefined } {
  let loaded: Loaded | undefined;

  async function run(): Promise<Finding> {
    loaded = await loadConfig(input).catch(explain);
    await readScript(loaded.config).catch(explain);
    const files = loaded.files.map((file) => display(file, input.cwd)).join(", ");
    const detail = files || "no file: flags, environment and defaults";
    const notes = chosenIn(loaded);
    const finding = notes.length > 0 ? { detail, notes } : { detail };
    if (loaded.remarks.length === 0) return finding;
    return { ...finding, status: "warning", hint: loaded.remarks.join(" ") };
  }

  return { step: { name: "config", run }, loaded: () => loaded };
}

/** A script of the mock is a setting too, if a long one. */
async function readScript({ mock, mockScript }: Config): Promise<void> {
  if (!mock || mockScript === "") return;
  const { loadScript } = await import("../mock/script/load.ts");
  await loadScript(mockScript);
}

/** The settings that somebody chose, each with who did. */
function chosenIn({ config, origins }: Loaded): string[] {
  return [...allSettings].flatMap(([path, setting]) => {
    const [name, inner] = path.split(".") as [keyof typeof config, string?];
    const value: unknown =
      inner === undefined ? config[name] : Reflect.get(Object(config[name]), inner);
    if (origins[path] === "default") return [];
    return `${path} = ${setting.toText?.(value) ?? shown(setting, value)} (${origins[path]})`;
  });
}

/** What the settings' own check says to do at the end of a sentence that it has. */
const cures: readonly [pattern: RegExp, hint: string][] = [
  [
    / Look at it, then run "relay config trust", or pass --config (\S+)\.$/,
    'Look at the file. If you trust it, run "relay config trust", or pass --config $1.',
  ],
  [/ Run: (.+)$/, "Run: $1"],
  [/ (Did you mean "[^"]+"\?).*$/, "$1"],
];

function explain(error: unknown): never {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof ConfigError)) throw error;
  const exitCode = isUsage ? 2 : 3;
  const [first = "", ...more] = error.problems;
  if (more.length === 0)
    for (const [pattern, hint] of cures) {
      const found = pattern.exec(first)?.[0];
      if (found === undefined) continue;
      throw new CheckFailure(exitCode, first.replace(pattern, ""), found.replace(pattern, hint));
    }
  const hint = isUsage ? "See relay check --help." : "Correct the value where it comes from.";
  if (more.length === 0) throw new CheckFailure(exitCode, first, hint);
  const detail = `${count(error.problems.length, "problem")} in the settings`;
  throw new CheckFailure(exitCode, detail, hint, [...error.problems]);
}
