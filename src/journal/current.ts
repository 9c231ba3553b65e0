import type { Config } from "../config/settings.ts";
import { type Scrub, withSecrets } from "../scrub.ts";
import { tellable } from "../tellable.ts";
import { costOf } from "../usage/cost.ts";
import type { Found } from "../usage/found.ts";
import type { Prices } from "../usage/prices.ts";
import { UsageTap } from "../usage/tap.ts";
import { usageOf } from "../usage/usage-of.ts";
import { AskedModel } from "./asked-model.ts";
import type { Heads, Side, Slice } from "./call.ts";
import { cleanHeads, codingIn } from "./heads.ts";
import { type Kept, keepCoded, keepPlain } from "./kept.ts";
import type { Note } from "./note.ts";
import { type PieceSide, sides } from "./pieces.ts";
import { Socket } from "./socket.ts";
import type { Written } from "./writer.ts";

/** What all calls of a thread share. */
export type Common = {
  config: Pick<Config, "capture" | "captureBody">;
  prices: Prices;
  scrub: Scrub;
};

/** A call while the thread hears of it: what its bytes say. */
export class Current {
  note: Note;
  /** Its place in the journal, once it has one; 0: it was removed. */
  seq: number | undefined;
  readonly #common: Common;
  readonly #scrub: Scrub;
  readonly #model = new AskedModel();
  #tap: UsageTap | undefined;
  #socket: Socket | undefined;
  #asked: Kept | undefined;
  #answered: Kept | undefined;
  #heads: Heads | undefined;
  #hasBodies = true;

  constructor(note: Note, common: Common) {
    this.note = note;
    this.#common = common;
    this.#scrub = withSecrets(common.scrub, note.heads?.credentials ?? []);
    if (note.heads) this.#heads = cleanHeads(note.heads, this.#scrub);
    if (common.config.capture) this.#asked = this.#keep(codingIn(note.heads?.asked), () => {});
    this.#know(note);
  }

  told(note: Note): void {
    if (note.heads?.answered && !this.note.heads?.answered)
      this.#heads = cleanHeads(note.heads, this.#scrub);
    this.note = note;
    this.#know(note);
  }

  piece(side: PieceSide, at: number, bytes: Buffer): void {
    if (this.#socket) {
      this.#socket.add(side === sides.answered ? "answered" : "asked", at, bytes);
      return;
    }
    const slice = { at: rounded(at), bytes };
    if (side === sides.answered) {
      if (this.note.coding === undefined) this.#tap?.chunk(bytes);
      this.#answered?.add(slice);
      return;
    }
    if (side === sides.asked) this.#asked?.add(slice);
    this.#model.add(bytes);
  }

  /** Nothing follows. `undefined`, or a promise for the moment when all is known. */
  end(): Promise<unknown> | undefined {
    const ends = [this.#asked?.end(), this.#answered?.end(), this.#socket?.end()];
    const waiting = ends.filter((end) => end !== undefined);
    return waiting.length > 0 ? Promise.all(waiting) : undefined;
  }

  /** What there is to write since the last time. */
  take(side: Side): Slice[] {
    const from = this.#socket ?? (side === "asked" ? this.#asked : this.#answered);
    const slices = from?.take(side) ?? [];
    return this.#hasBodies ? slices : [];
  }

  /** Nothing more of them is taken: a part is missing. */
  giveUpBodies(): void {
    this.#hasBodies = false;
  }

  takeHeads(): Heads | undefined {
    const heads = this.#heads;
    this.#heads = undefined;
    return heads;
  }

  written(): Written {
    const { note } = this;
    const found = note.found ?? this.#tap?.found();
    const model = note.model ?? this.#model.find() ?? this.#socket?.model ?? found?.model;
    const isWhole = note.ending === "client_left" && found?.isClosed;
    const ending = isWhole ? "complete" : note.ending;
    return {
      id: note.id,
      kind: note.isWebSocket ? "websocket" : "http",
      startedAt: note.startedAt,
      method: note.method,
      path: note.path,
      // Clients put keys into any field.
      ...(model !== undefined && { model: this.#scrub(tellable(model.slice(0, 128))) }),
      ...(note.client !== undefined && { client: note.client }),
      ...(note.tag !== undefined && { tag: this.#scrub(note.tag) }),
      ...(note.again !== undefined && { again: tellable(note.again) }),
      isStream: note.isStream,
      status: note.status,
      ...(ending && { ending }),
      ...(note.error !== undefined && { error: note.error }),
      ...(note.errorMessage !== undefined && { errorMessage: note.errorMessage }),
      bytesIn: note.bytesIn,
      bytesOut: note.bytesOut,
      slices: note.slices,
      times: note.times,
      ...(ending && this.#counted(found ?? { isClosed: false }, ending, model)),
      isCaptured: this.#common.config.capture,
    };
  }

  #counted(
    found: Found,
    ending: NonNullable<Note["ending"]>,
    model: string | undefined,
  ): Pick<Written, "usage" | "cost"> {
    if (this.#socket) return this.#socket.counted();
    const { status, isCut } = this.note;
    // What was found before something is missing need not be the last.
    const isLess = isCut && !this.note.found;
    const end = { status, ending: isLess ? ("upstream_broke" as const) : ending };
    const usage = usageOf(this.note, found, end);
    if (!usage) return {};
    const cost = costOf(found.model ?? model, usage, found.tier, this.#common.prices);
    return { usage, cost };
  }

  #know({ isWebSocket, status, coding, isStream }: Note): void {
    const { capture } = this.#common.config;
    if (isWebSocket) {
      this.#socket ??= new Socket(this.#common, this.#scrub, coding !== undefined);
      return;
    }
    if (status === 0 || this.#answered) return;
    if (coding !== undefined || !isStream) this.#tap ??= new UsageTap(isStream ? "events" : "json");
    if (coding !== undefined || capture)
      this.#answered = this.#keep(coding, (plain) => this.#tap?.chunk(plain));
  }

  /** `hear` gets what is in a packed body. */
  #keep(coding: string | undefined, hear: (plain: Buffer) => void): Kept {
    const { capture, captureBody } = this.#common.config;
    const most = capture ? captureBody : 0;
    if (coding === undefined || coding === "identity") return keepPlain(this.#scrub, most);
    return keepCoded(coding, this.#scrub, most, hear);
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
