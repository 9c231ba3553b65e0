import type { Call } from "./call.ts";
import type { Reader } from "./reader.ts";

/** Tells of calls that are new or have changed, while somebody wants to know. */
export type Feed = {
  follow(isFollowed: boolean): void;
  /** To be called when something was written here. */
  look(): void;
};

/** Milliseconds between two looks at what other processes write. */
const pollMs = 100;

/** Calls that are told at once. */
const atOnce = 500;

export function createFeed(reader: Reader, tell: (calls: Call[]) => void): Feed {
  let version = 0;
  let polling: NodeJS.Timeout | undefined;

  function look(): void {
    try {
      if (polling) read();
    } catch {
      // It cannot be read just now: a later look finds what this one did not.
    }
  }

  function read(): void {
    for (;;) {
      const news = reader.changes(version, atOnce);
      if (news.calls.length > 0) tell(news.calls);
      version = news.version;
      if (news.calls.length < atOnce) return;
    }
  }

  function isChanged(): boolean {
    try {
      return reader.isChanged();
    } catch {
      return false;
    }
  }

  return {
    look,
    follow(isFollowed) {
      clearInterval(polling);
      polling = undefined;
      if (!isFollowed) return;
      version = reader.version();
      polling = setInterval(() => {
        if (isChanged()) look();
      }, pollMs);
    },
  };
}
