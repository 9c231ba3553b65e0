import { readdirSync, readlinkSync, statSync } from "node:fs";

/** The PID namespace that every other one lies in: its number is part of Linux's interface. */
const outermost = "pid:[4026531836]";

/**
 * Looks whether a process of a foreign user runs at this moment. That is quick, where to list all sockets is
 * not. Where they cannot all be seen (in a container, with `hidepid`) the answer is always yes.
 */
export function createLookAround(isForeign: (uid: number) => boolean): () => boolean {
  if (!seesAll()) return () => true;
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

function seesAll(): boolean {
  try {
    return readlinkSync("/proc/self/ns/pid") === outermost && uidOf("1") !== undefined;
  } catch {
    return false;
  }
}

function isPid(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 0x31 && first <= 0x39;
}

function uidOf(pid: string): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
