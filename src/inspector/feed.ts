import type { Reply } from "../exchange.ts";
import type { Journal } from "../journal/journal.ts";
import { pageHeaders } from "../server/page.ts";
import type { News } from "./api.ts";

/** Milliseconds after which a stream that is silent says that it is there, and is asked whether it may be. */
const beatMs = 15_000;

/** Bytes that may wait for a reader: what many calls at once bring. */
const mostWaiting = 1024 ** 2;

/** An event stream of what happens to calls, for as long as its reader may read it. */
export type Feed = (reply: Reply, mayRead: () => Promise<boolean>) => void;

/**
 * A reader that does not keep up is not waited for: its stream ends, and it asks for the list anew once it
 * has another one. All streams end when the relay is `closed`.
 */
export function createFeed(journal: Journal | undefined, closed: AbortSignal): Feed {
  return function feed(reply, mayRead) {
    // Whoever has left already is never heard to leave.
    if (closed.aborted || reply.over) {
      reply.end();
      return;
    }
    const unfollow = journal?.follow((calls) =>
      say(`data: ${JSON.stringify({ calls } satisfies News)}\n\n`),
    );
    const heart = setInterval(beat, beatMs).unref();
    /** Bytes that nobody has taken yet. */
    let waiting = 0;

    reply.onDrain = () => {
      waiting = 0;
    };
    reply.onGone = leave;
    closed.addEventListener("abort", end);
    reply.head(200, "OK", ["Content-Type", "text/event-stream", ...pageHeaders]);
    say(":\n\n");

    function say(text: string): void {
      const bytes = Buffer.from(text);
      if (waiting > mostWaiting) end();
      else if (!reply.data(bytes)) waiting += bytes.length;
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
