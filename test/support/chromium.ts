import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** `CHROMIUM_BIN`, or the first Chromium of the PATH; `undefined`: tests in a browser are skipped. */
const program = process.env.CHROMIUM_BIN ?? findInPath(["chromium", "chromium-browser"]);

/** Whether to do without a browser: on a machine that has none, but never in CI. */
export const hasNoChromium = !program && !process.env.CI;

/** Chromium would look its maker's hosts up at every start. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** A real Chromium without a window; playwright gives it an empty profile. */
export function startChromium(...flags: string[]): Promise<Browser> {
  if (!program) throw new Error("No Chromium in the PATH, and CHROMIUM_BIN names none.");
  return chromium.launch({ executablePath: program, args: [...quiet, ...flags] });
}

function findInPath(names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
