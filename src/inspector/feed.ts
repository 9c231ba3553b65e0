import type { Reply } from "../exchange.ts";
import type { Journal } from "../journal/journal.ts";
import { pageHeaders } from "../server/page.ts";
import type { News } from "./api.ts";

/** Milliseconds after which a stream that is silent says that it is there, and is asked whether it may be. */
const beatMs = 15_000;

/** An event stream of what happens to calls, for as long as its reader may read it. */
export type Feed = (reply: Reply, mayRead: () => Promise<boolean>) => void;

/**
 * A reader that does not keep up is not waited for: nothing is kept for it, its stream ends, and it asks
 * for the list anew once it has another one. All streams end when the relay is `closed`.
 */
export function createFeed(journal: Journal | undefined, closed: AbortSignal): Feed {
  return function feed(reply, mayRead) {
    // Nobody would be told that it may end.
    if (closed.aborted || reply.over) {
      reply.end();
      return;
    }
    const unfollow = journal?.follow((calls) =>
      say(`data: ${JSON.stringify({ calls } satisfies News)}\n\n`),
    );
    const heart = setInterval(beat, beatMs).unref();
    let isBehind = false;

    reply.onDrain = () => {
      isBehind = false;
    };
    reply.onGone = leave;
    closed.addEventListener("abort", end);
    reply.head(200, "OK", ["Content-Type", "text/event-stream", ...pageHeaders]);
    say(":\n\n");

    function say(text: string): void {
      if (isBehind) end();
      else isBehind = !reply.data(Buffer.from(text));
    }

    async function beat(): Promise<void> {
      if (await mayRead().catch(() => false)) say(":\n\n");
      else end();
    }

    function end(): void {
      leave();
      reply.end();
    }

    function leave(): void {
      unfollow?.();
      clearInterval(heart);
      closed.removeEventListener("abort", end);
    }
  };
}
