import { accessSync, constants, statSync } from "node:fs";

/**
 * Whether others on this machine may read a file: `open` when the user could end that, `given` when not.
 *
 * Docker and Kubernetes mount secrets as 0444 or 0644 files that belong to root, on a read-only file
 * system: who reads them there can change nothing about it, so that is worth a remark and no refusal.
 * Pipes and what is below /dev/fd have no readers but the one who was handed them.
 */
export function exposureOf(file: string): "closed" | "open" | "given" {
  if (process.platform === "win32") return "closed";
  const stat = statSync(file);
  if (!stat.isFile() || (stat.mode & 0o077) === 0) return "closed";
  return mayChange(file, stat.uid === process.getuid?.()) ? "open" : "given";
}

/** Owners may change the mode of a file that they may not write to, but not on a read-only file system. */
function mayChange(file: string, isOwner: boolean): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch (error) {
    return isOwner && (error as NodeJS.ErrnoException).code !== "EROFS";
  }
}
