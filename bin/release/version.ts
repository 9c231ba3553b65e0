import { readFileSync, writeFileSync } from "node:fs";

/** The files that say which version this is. */
export const versioned = ["package.json", "package-lock.json"];

const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** The version that is asked for: itself, or the next one of its kind. Throws where it is no version. */
export function nextVersion(current: string, wish: string): string {
  const [, major = 0, minor = 0, patch = 0] = semver.exec(current)?.map(Number) ?? [];
  // 1.2.0 comes after 1.2.0-rc.1, as a minor one and as a patch.
  const [isMajor, isMinor] = [minor + patch === 0, patch === 0];
  const next = (isDue: boolean) => (isDue && current.includes("-") ? 0 : 1);
  if (wish === "major") return `${major + next(isMajor)}.0.0`;
  if (wish === "minor") return `${major}.${minor + next(isMinor)}.0`;
  if (wish === "patch") return `${major}.${minor}.${patch + next(true)}`;
  if (semver.test(wish)) return wish;
  throw new Error(`"${wish}" is no version: name patch, minor, major, or one such as 1.2.3.`);
}

/** Whether `a` comes after `b`, by the precedence of Semantic Versioning. */
export function isLater(a: string, b: string): boolean {
  const [one, other] = [ranks(a), ranks(b)];
  const length = Math.max(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const order = compare(one[i], other[i]);
    if (order !== 0) return order > 0;
  }
  return false;
}

export function currentVersion(): string {
  return JSON.parse(readFileSync("package.json", "utf8")).version;
}

export function writeVersion(version: string): void {
  for (const file of versioned) {
    const content = JSON.parse(readFileSync(file, "utf8"));
    content.version = version;
    // The lock file says it twice.
    if (content.packages) content.packages[""].version = version;
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  }
}

/** Three numbers, whether it is a finished version, and what it is of those before. */
function ranks(version: string): (number | string)[] {
  const [, major, minor, patch, before] = semver.exec(version) ?? [];
  const parts = before?.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)) ?? [];
  return [Number(major), Number(minor), Number(patch), before === undefined ? 1 : 0, ...parts];
}

/** Numbers come before words, and what is not there before both. */
function compare(a: number | string | undefined, b: number | string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (typeof a === typeof b) return a < b ? -1 : 1;
  return typeof a === "number" ? -1 : 1;
}
