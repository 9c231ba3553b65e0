import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { hasOtherUsers } from "./accounts.ts";
import { createLookAround } from "./processes.ts";
import {
  type Ends,
  endsOf,
  openProcFile,
  type ProcFile,
  pickRows,
  type Rows,
} from "./socket-table.ts";

/** Whose program is at the other end of a connection. */
export type Peer = { isForeign: boolean; uid?: number } | "gone";

export type PeerCheck = {
  /** Calls `then` once Linux has been asked. */
  ask(socket: Socket, then: (peer: Peer) => void): void;
  close(): void;
};

type Question = { socket: Socket; ends: Ends | undefined; then: (peer: Peer) => void };

/**
 * Loopback is open to every user of the machine, but Linux tells whose socket is at the other end. To list
 * all sockets takes it milliseconds, so that is done only while a process of somebody else runs, once for
 * all connections that wait, and before anything is read from them.
 *
 * `undefined` where that is not wanted, not needed or cannot be known.
 */
export function createPeerCheck(config: Config): PeerCheck | undefined {
  const { otherUsers, socket } = config;
  if (otherUsers === "allow" || wantsToken(config) || socket !== "") return undefined;
  const isForeign = createJudgement();
  if (!isForeign || (otherUsers === "auto" && !hasOtherUsers())) return undefined;
  const lists = openLists();
  if (!lists) return undefined;

  const areOthersHere = otherUsers === "refuse" ? () => true : createLookAround(isForeign);
  const [ipv4, ipv6] = lists;
  let waiting: Question[] = [];
  let isReading = false;
  let isClosed = false;

  async function readOn(): Promise<void> {
    isReading = true;
    while (waiting.length > 0) {
      // All that came with one turn of the event loop are looked at together.
      await setImmediate();
      const asked = waiting;
      waiting = [];
      const rows = (await mustList(asked))
        ? await rowsFor(asked).catch(() => undefined)
        : undefined;
      for (const { ends, then } of asked) then(rows ? peerAt(ends, rows) : unknown);
    }
    isReading = false;
    if (isClosed) closeLists();
  }

  /** Not while nobody else is here; but somebody may have been, until a moment ago. */
  async function mustList(asked: Question[]): Promise<boolean> {
    if (areOthersHere()) return true;
    for (let turn = 0; turn < turnsToEnd; turn++) await setImmediate();
    return asked.some(({ socket }) => mayHaveLeft(socket));
  }

  /** From lists that are made after all of them have come. */
  async function rowsFor(asked: Question[]): Promise<Rows> {
    const wanted = new Set(
      asked.flatMap(({ ends }) => (ends ? [ends.here, ends.there, ends.mapped] : [])),
    );
    const rows: Rows = new Map();
    if (asked.some(({ socket }) => socket.remoteFamily === "IPv4"))
      pickRows(await ipv4.read(), wanted, rows);
    if (asked.some(({ ends }) => ends && !rows.has(ends.there)))
      pickRows(await ipv6.read(), wanted, rows);
    return rows;
  }

  function peerAt(ends: Ends | undefined, rows: Rows): Peer {
    if (!ends) return "gone";
    const there = rows.get(ends.there) ?? rows.get(ends.mapped);
    if (there) return there.isHeld ? { isForeign: isForeign!(there.uid), uid: there.uid } : "gone";
    // From another network namespace; or somebody wrote and left without waiting for an answer.
    return rows.get(ends.here)?.isEstablished ? unknown : "gone";
  }

  function closeLists(): void {
    ipv4.close();
    ipv6.close();
  }

  return {
    ask(socket, then) {
      waiting.push({ socket, ends: endsOf(socket), then });
      if (!isReading) void readOn();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      if (!isReading) closeLists();
    },
  };
}

/** Turns of the event loop within which what a client sent before it left is read, and that it left. */
const turnsToEnd = 3;

/** Whether the other end is closed; what lies behind a full buffer cannot be seen yet. */
function mayHaveLeft(socket: Socket & { _readableState?: { ended: boolean } }): boolean {
  const isFull = socket.readableLength >= socket.readableHighWaterMark;
  return isFull || socket._readableState?.ended === true;
}

const unknown: Peer = { isForeign: false };

/** Whom to turn away: all but the relay's own user and root. `undefined`: nobody can be told apart. */
function createJudgement(): ((uid: number) => boolean) | undefined {
  const own = process.getuid?.();
  if (process.platform !== "linux" || own === undefined) return undefined;
  const users = usersOf("/proc/self/uid_map");
  if (users <= 1) return undefined;
  return (uid) => uid !== own && uid !== 0 && (users === all || uid !== nobody);
}

/** Stands in a user namespace for all users who have no number in it (user_namespaces(7)). */
const nobody = 65_534;
const all = 0xffff_ffff;

/** How many users a namespace has a number for. */
function usersOf(map: string): number {
  try {
    const lines = readFileSync(map, "utf8").trim().split("\n");
    return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0);
  } catch {
    // A Linux without namespaces.
    return all;
  }
}

function openLists(): [ipv4: ProcFile, ipv6: ProcFile] | undefined {
  try {
    const ipv4 = openProcFile("/proc/net/tcp");
    try {
      return [ipv4, openProcFile("/proc/net/tcp6")];
    } catch {
      // A machine without IPv6.
      return [ipv4, { read: async () => "", close: () => {} }];
    }
  } catch {
    return undefined;
  }
}
