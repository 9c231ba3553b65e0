import type { Input, Loaded } from "../config/load.ts";
import { untaped } from "../config/offline.ts";
import type { Findings } from "../conformance/run.ts";
import { configStep } from "./config.ts";
import type { Report } from "./report.ts";
import { Run } from "./run.ts";
import {
  CheckFailure,
  count,
  type Finding,
  namedSteps,
  type Step,
  skipped,
  type Watcher,
} from "./step.ts";

const name = "conformance";
const limitMs = 180_000;

/** How many bends are told. */
const told = 5;

/** Tries whether a relay with these settings changes nothing on the wire that it may not change. */
export async function checkConformance(
  input: Input,
  { strict = false }: { strict?: boolean },
  watcher: Watcher,
): Promise<Report> {
  const run = new Run({ timeoutMs: limitMs, strict, watcher });
  const settings = configStep(input);
  await run.take([settings.step]);
  const loaded = settings.loaded();
  await run.take(loaded ? [conformanceStep(loaded, input.env)] : namedSteps([name], "no settings"));
  return run.toReport(loaded ? "loopback" : "unknown");
}

function conformanceStep(loaded: Loaded, env: NodeJS.ProcessEnv): Step {
  const step: Step = {
    name,
    doing: "starts an upstream and a relay",
    limit: { ms: limitMs, late: tooSlow },
    async run(signal) {
      if (loaded.config.mock) return skipped("the mock forwards nothing");
      // Large, and of use here only.
      const { tryConformance } = await import("../conformance/run.ts");
      // Of what it asks nothing is to be recorded, and a tape would not be the relay.
      const live = { ...loaded, config: { ...loaded.config, ...untaped } };
      const findings = await tryConformance(live, env, {
        signal,
        progress({ exchanges, bends }, most) {
          step.doing = `${exchanges} of ${count(most, "exchange")}, ${count(bends.length, "bend")}`;
        },
      });
      return toFinding(findings);
    },
  };
  return step;
}

async function toFinding({ bends, ...findings }: Findings): Promise<Finding> {
  const { operations, exchanges, changed, refused } = findings;
  const sent = `${count(operations, "operation")}, ${count(exchanges, "exchange")} sent straight and through the relay`;
  const settings = [
    ...[...changed].map(([by, times]) => `by your settings: ${by}, in ${count(times, "exchange")}`),
    ...[...refused]
      .sort()
      .map(([by, names]) => `refused by your settings: ${by}, ${someOf(names)}`),
  ];
  if (bends.length === 0) return { detail: `${sent}: no bend`, notes: settings };

  const { report } = await import("../conformance/report.ts");
  const notes = bends
    .slice(0, told)
    .flatMap(({ name, differences }) => [
      `bent: ${name}`,
      ...report(differences).split("\n").map(shortened),
    ]);
  const more = bends.length > told ? [`and ${bends.length - told} more`] : [];
  throw new CheckFailure(
    1,
    `${count(bends.length, "bend")} in ${sent}`,
    "The relay changed what it must not change: report it as a bug, with your settings.",
    [...notes, ...more, ...settings],
  );
}

function someOf(names: string[]): string {
  const some = [...new Set(names)].slice(0, 3).join("; ");
  return `${count(names.length, "exchange")} (${some}${names.length > 3 ? "; …" : ""})`;
}

function shortened(line: string): string {
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

function tooSlow(seconds: number): CheckFailure {
  return new CheckFailure(
    1,
    `not done after ${seconds} s`,
    "Try again when the machine is less busy.",
  );
}
