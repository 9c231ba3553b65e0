import type { Scrub } from "../scrub.ts";
import { modelIn } from "./asked-model.ts";
import type { Side, Slice } from "./call.ts";
import type { Common } from "./current.ts";
import { type Message, Messages } from "./messages.ts";
import { modelReach } from "./pieces.ts";
import { SocketUsage } from "./socket-usage.ts";

/** What both sides of a WebSocket say. */
export class Socket {
  #sides: Record<Side, Messages>;
  #usage: SocketUsage;
  #asked: string | undefined;
  #ready: Record<Side, Slice[]> = { asked: [], answered: [] };
  #left: Record<Side, number>;
  #scrub: Scrub;

  constructor({ config, prices }: Common, scrub: Scrub, mayCompress: boolean) {
    const most = config.capture ? config.captureBody : 0;
    this.#left = { asked: most, answered: most };
    this.#scrub = scrub;
    this.#usage = new SocketUsage(prices);
    this.#sides = {
      asked: new Messages(mayCompress, (message) => {
        if (message.type === "text") this.#asked ??= modelIn(message.bytes.subarray(0, modelReach));
        this.#keep("asked", message);
      }),
      answered: new Messages(mayCompress, (message) => {
        if (message.type === "text") this.#usage.hear(message.bytes, this.#asked);
        this.#keep("answered", message);
      }),
    };
  }

  /** What was asked for, or else what answered. */
  get model(): string | undefined {
    return this.#asked ?? this.#usage.model;
  }

  add(side: Side, at: number, bytes: Buffer): void {
    this.#sides[side].add(at, bytes);
  }

  take(side: Side): Slice[] {
    const ready = this.#ready[side];
    this.#ready[side] = [];
    return ready;
  }

  counted() {
    return this.#usage.whole();
  }

  end(): Promise<unknown> | undefined {
    const { asked, answered } = this.#sides;
    const close = () => {
      asked.close();
      answered.close();
    };
    if (asked.busy || answered.busy) return Promise.all([asked.busy, answered.busy]).then(close);
    close();
    return undefined;
  }

  /** Whole messages: no secret reaches from one into the next. */
  #keep(side: Side, { at, type, bytes }: Message): void {
    const left = this.#left[side];
    if (left === 0) return;
    const text = bytes.toString("latin1");
    const clean = this.#scrub(text);
    const written = (clean === text ? bytes : Buffer.from(clean, "latin1")).subarray(0, left);
    this.#left[side] -= written.length;
    this.#ready[side].push({ at: Math.round(at * 100) / 100, type, bytes: written });
  }
}
