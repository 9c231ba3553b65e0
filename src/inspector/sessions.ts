/** Browsers that were let in, by the hash of what their cookie holds. A relay forgets them at its end. */
export type Sessions = {
  add(hash: string): Promise<void>;
  /** Whether one of these is let in. */
  find(hashes: readonly string[]): Promise<boolean>;
  remove(hashes: readonly string[]): Promise<void>;
};

const most = 16;
/** Milliseconds without a request after which a session is over. */
const idleMs = 7 * 24 * 60 * 60 * 1_000;

export function createSessions(now = Date.now): Sessions {
  /** When each was last used, the longest unused first. */
  const used = new Map<string, number>();

  function touch(hash: string): void {
    used.delete(hash);
    used.set(hash, now());
  }

  return {
    async add(hash) {
      touch(hash);
      for (const oldest of used.keys()) if (used.size > most) used.delete(oldest);
    },
    async find(hashes) {
      const known = hashes.find((hash) => now() - (used.get(hash) ?? 0) < idleMs);
      if (known !== undefined) touch(known);
      return known !== undefined;
    },
    async remove(hashes) {
      for (const hash of hashes) used.delete(hash);
    },
  };
}
