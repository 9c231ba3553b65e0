import { readdirSync, statSync } from "node:fs";

/**
 * Looks whether a process of a foreign user runs at this moment. That is quick, where to list all sockets is
 * not. Where processes of others are hidden (`hidepid`, proc(5)) the answer is always yes; those outside of
 * a container are not looked for.
 */
export function createLookAround(isForeign: (uid: number) => boolean): () => boolean {
  if (uidOf("1") === undefined) return () => true;
  // Most that are there stay for long.
  let known = "1";

  function isTheirs(pid: string): boolean {
    const uid = uidOf(pid);
    if (uid === undefined || !isForeign(uid)) return false;
    known = pid;
    return true;
  }

  return function isSomebodyHere() {
    try {
      return isTheirs(known) || readdirSync("/proc").some((name) => isPid(name) && isTheirs(name));
    } catch {
      // No more files can be opened; nobody gets in because of that.
      return true;
    }
  };
}

function isPid(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 0x31 && first <= 0x39;
}

function uidOf(pid: string): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
