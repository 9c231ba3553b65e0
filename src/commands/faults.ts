import { catalogueRows } from "../config/fault-catalogue.ts";
import type { Config } from "../config/settings.ts";
import { printable } from "../config/shown.ts";

/** Whether calls may break on purpose. */
export function hasFaults({ fault, faultHeader }: Config): boolean {
  return fault.length > 0 || faultHeader;
}

/** Says at the start that calls will break, and by which seed they do so again. */
export function faultRemarks({ fault, faultSeed, faultHeader }: Config): string[] {
  const asked = faultHeader ? ["what x-relay-fault asks for"] : [];
  // They may come from the file of a cloned repository.
  const all = [...fault.map(printable), ...asked].join(", ");
  return all === "" ? [] : [`Calls break on purpose, by seed ${faultSeed}: ${all}.`];
}

/** Columns in front of what a fault does; a longer one stands on a line of its own. */
const width = 26;
const indent = " ".repeat(width + 2);

/** The catalogue, for help. */
export function catalogueText(): string {
  const rows = catalogueRows().map(({ names: [, ...others], call, about: what }) => {
    const isLong = call.length >= width;
    const about = others.length > 0 ? `${what};\n${indent}also ${others.join(", ")}` : what;
    return `  ${call.padEnd(width)}${isLong ? `\n${indent}` : ""}${about}`;
  });
  return `Faults, with their defaults; all in parentheses may be left out:
${rows.join("\n")}

Where and when: name(…)@POST /v1/chat/*;model=gpt-5*;nth=1
  nth=2, nth=2-4, nth=3-    of the calls that match
  every=3                   each third of them
  chance=20%                by --fault-seed

after= is a number of events of a stream, or of bytes of any answer (100b). Times are 500ms, 2s, 1m or
forever. Of several faults that match, the first is done. Answers carry x-relay-fault: name.`;
}
