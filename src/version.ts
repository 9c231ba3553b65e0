import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isSea } from "node:sea";
import manifest from "../package.json" with { type: "json" };

/** What `bin/build.ts` knows of the sources; nobody defines it where they run as they are. */
declare const BUILT_FROM: { commit?: string };

/** As in package.json. */
export const version: string = manifest.version;

/** Which build this is, for a report of a bug: the same name as that of the executable's file. */
export function describeBuild(): Record<string, string | undefined> {
  const isBuilt = typeof BUILT_FROM !== "undefined";
  const { platform, arch, versions } = process;
  return {
    version,
    build: isSea() ? "single" : isBuilt && !isCheckout() ? "npm" : "checkout",
    commit: isBuilt ? BUILT_FROM.commit : undefined,
    node: versions.node,
    target: `${systems[platform] ?? platform}-${arch}`,
  };
}

const systems: Partial<Record<NodeJS.Platform, string>> = { darwin: "macos", win32: "win" };

/** The launcher lies beside this one's sources. */
function isCheckout(): boolean {
  return existsSync(join(realpathSync(process.argv[1]!), "../build.ts"));
}
