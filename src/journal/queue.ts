import { own } from "../server/router.ts";
import { secretsInUse } from "../tellable.ts";
import type { Live } from "./live.ts";
import { type Note, pack } from "./note.ts";
import { PieceBox, type PieceSide } from "./pieces.ts";
import type { Batch } from "./words.ts";

/** Milliseconds that what happens waits for more: while somebody watches, and else. */
const batchMs = { watched: 25, unwatched: 100 };

/** Bytes that do not wait for more. */
const fullBatch = 1024 ** 2;

/** Milliseconds between two looks at calls that are under way: while somebody watches them, and else. */
const refreshMs = { watched: 50, unwatched: 250 };

/** Calls that are told of anew in one look: of very many streams each has its turn. */
const mostRefreshed = 200;

/** What a note takes, about: in bytes. */
const noteSize = 512;

/** Bytes that may wait for the thread. Bodies are the first to have no room, then calls. */
const room = { bodies: 32 * 1024 ** 2, calls: 48 * 1024 ** 2 };

/** Gathers what the thread is to know, and sends it in batches. */
export type Queue = {
  /** Whether there is room for a call more: what has begun is told to its end. */
  hasRoom(): boolean;
  begin(live: Live): void;
  /** Something about it has changed that should not wait for the next look. */
  tell(live: Live): void;
  end(live: Live): void;
  add(live: Live, side: PieceSide, at: number, bytes: Buffer | undefined): void;
  /** Sends what there is. */
  flush(): void;
  /** The thread is done with so many bytes. */
  taken(size: number): void;
  watched(isWatched: boolean): void;
};

type Parts = {
  send(batch: Batch, transfer: ArrayBuffer[]): void;
  /** Bodies, or whole calls, will be missing. */
  lost(what: "bodies" | "calls"): void;
};

export function createQueue({ send, lost }: Parts): Queue {
  const box = new PieceBox();
  /** Under way; those that were told of last stand behind. */
  const running = new Set<Live>();
  let due: Live[] = [];
  let ended: Note[] = [];
  /** Bytes that are sent, and not done with. */
  let waiting = 0;
  let secrets = 0;
  let timer: NodeJS.Timeout | undefined;
  let refreshing: NodeJS.Timeout | undefined;
  let isWatched = false;

  function tell(live: Live): void {
    if (live.isDue) return;
    live.isDue = true;
    due.push(live);
    schedule();
  }

  function schedule(): void {
    const ms = isWatched ? batchMs.watched : batchMs.unwatched;
    timer ??= setTimeout(flush, ms).unref();
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const notes = ended;
    for (const live of due) {
      live.isDue = false;
      if (!live.isOver && isCall(live)) notes.push(live.note());
    }
    due = [];
    ended = [];
    if (notes.length === 0 && box.size === 0) return;
    post(notes);
  }

  function post(notes: Note[]): void {
    const size = notes.length * noteSize + box.size;
    const batch: Batch = { notes: pack(notes), size };
    const transfer: ArrayBuffer[] = [];
    if (box.size > 0) {
      batch.pieces = box.take();
      transfer.push(batch.pieces.bytes);
    }
    if (secretsInUse.size !== secrets) {
      secrets = secretsInUse.size;
      batch.secrets = [...secretsInUse];
    }
    waiting += size;
    send(batch, transfer);
  }

  function refresh(): void {
    if (waiting > room.bodies) return;
    let count = 0;
    for (const live of running) {
      if (!live.hasNews || live.isDue) continue;
      running.delete(live);
      running.add(live);
      tell(live);
      if (++count === mostRefreshed) break;
    }
    if (running.size === 0) stopRefreshing();
  }

  function startRefreshing(): void {
    const ms = isWatched ? refreshMs.watched : refreshMs.unwatched;
    refreshing ??= setInterval(refresh, ms).unref();
  }

  function stopRefreshing(): void {
    clearInterval(refreshing);
    refreshing = undefined;
  }

  return {
    hasRoom() {
      if (waiting + ended.length * noteSize < room.calls) return true;
      lost("calls");
      return false;
    },
    begin(live) {
      running.add(live);
      startRefreshing();
      tell(live);
    },
    tell,
    end(live) {
      running.delete(live);
      if (!isCall(live)) return;
      ended.push(live.note());
      schedule();
    },
    add(live, side, at, bytes) {
      if (bytes === undefined || live.isCut) return;
      if (waiting + box.size + bytes.length > room.bodies) {
        live.isCut = true;
        lost("bodies");
        return;
      }
      box.add(live.number, side, at, bytes);
      if (box.size >= fullBatch) flush();
      else schedule();
    },
    flush,
    taken(size) {
      waiting -= size;
    },
    watched(now) {
      isWatched = now;
      stopRefreshing();
      if (running.size > 0) startRefreshing();
    },
  };
}

/** The relay's own paths are none: a target in absolute form is only known as one of them later. */
function isCall({ exchange }: Live): boolean {
  return !exchange.target.startsWith(own);
}
