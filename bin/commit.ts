import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The commit that is checked out here, with a mark where files differ from it; nothing outside of git. */
export function commitOf(): string | undefined {
  if (!existsSync(".git")) return undefined;
  const described = spawnSync("git", [
    "describe",
    "--always",
    "--dirty",
    "--abbrev=40",
    "--exclude=*",
  ]);
  return described.status === 0 ? described.stdout.toString().trim() : undefined;
}
