import { hash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a test stands, and its name with those of the suites around it. */
type Place = { file: string; names: string[] };

/** What runners know of a test: vitest's context and its task, node:test's context, `expect` of vitest and jest. */
type Known = {
  task?: Task;
  filePath?: string;
  fullName?: string;
  getState?(): { testPath?: string; currentTestName?: string };
};
type Task = { name?: string; suite?: Task; file?: { filepath?: string } };

/** The folder for the tape of a test. */
export function tapeOf(test: unknown, tapes = "tapes"): string {
  const place = placeOf(test);
  if (!place) throw new TypeError(unknown);
  const { file, names } = place;
  return resolve(dirname(file), tapes, basename(file), toFileName(names.join(" > ")));
}

/** `undefined`: that is nothing that knows a test. */
export function placeOf(test: unknown): Place | undefined {
  if (test === null || (typeof test !== "object" && typeof test !== "function")) return undefined;
  const { task, filePath, fullName, getState } = test as Known;
  if (task?.file?.filepath) return { file: task.file.filepath, names: namesOf(task) };
  if (filePath && fullName) return { file: toPath(filePath), names: [fullName] };
  const { testPath, currentTestName } = getState?.() ?? {};
  return testPath && currentTestName ? { file: testPath, names: [currentTestName] } : undefined;
}

function namesOf({ suite, name }: Task): string[] {
  return [...(suite ? namesOf(suite) : []), ...(name ? [name] : [])];
}

function toPath(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

/** Characters of a name; beside the folders around it, Windows has room for 260. */
const most = 80;

/** Plain words stay readable; where that loses something, a digest tells the name from others. */
function toFileName(name: string): string {
  const words = name.replaceAll(" > ", "--").replaceAll(" ", "-");
  const plain = words.replace(/[^\w-]+/g, "-").slice(0, most);
  const trimmed = plain.replace(/^-+|-+$/g, "");
  if (trimmed === words) return words;
  return `${trimmed}-${hash("sha256", name).slice(0, 8)}`.replace(/^-/, "");
}

const unknown =
  "tapeOf() takes what vitest and node:test hand to a test, or the expect of vitest or jest, while a test runs.";
