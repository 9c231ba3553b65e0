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
    if (!polling) return;
    for (;;) {
      const news = reader.changes(version, atOnce);
      if (news.calls.length > 0) tell(news.calls);
      version = news.version;
      if (news.calls.length < atOnce) return;
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
        if (reader.isChanged()) look();
      }, pollMs);
    },
  };
}
