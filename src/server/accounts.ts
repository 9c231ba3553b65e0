import { readFileSync } from "node:fs";

/** Sources of accounts that are files of this machine, or only make up those of services and containers. */
const local = /^(?:files|compat|altfiles|systemd|mymachines|\[.*\])$/;

/** Shells with which nobody logs in. */
const closed = /\/(?:nologin|false|sync|halt|shutdown)$/;

/**
 * Whether somebody else could log in on this machine: an account other than root's and our own that has a
 * shell, or a directory of accounts (LDAP, SSSD). What cannot be read counts as yes.
 */
export function hasOtherUsers(etc = "/etc", own = process.getuid?.() ?? 0): boolean {
  try {
    const sources = /^passwd:(.*)$/m.exec(readOr("", `${etc}/nsswitch.conf`))?.[1] ?? "files";
    if (
      !sources
        .trim()
        .split(/\s+/)
        .every((source) => local.test(source))
    )
      return true;
    const accounts = readFileSync(`${etc}/passwd`, "utf8").trim().split("\n");
    return accounts.some((line) => {
      const [, , uid, , , , shell = ""] = line.split(":");
      return Number(uid) !== 0 && Number(uid) !== own && !closed.test(shell.trim());
    });
  } catch {
    return true;
  }
}

function readOr(fallback: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return fallback;
  }
}
