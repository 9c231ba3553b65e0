import { setTimeout as sleep } from "node:timers/promises";

/** Keeps the time of a recording: 1 as it was, 2 twice as fast, 0 without any. */
export class Pace {
  #speed: number;
  /** A moment of now, and the one of the recording that it stands for. */
  #from: number;
  #at: number;

  constructor(speed: number, from: number, at = 0) {
    this.#speed = speed;
    this.#from = from;
    this.#at = at;
  }

  /** Goes on from here: now is what was `at` in the recording. */
  restart(at: number): void {
    this.#from = performance.now();
    this.#at = at;
  }

  /** Resolves when it is time for what came at `at`, or when `signal` says that nobody waits. */
  async until(at: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === 0) return;
    const due = this.#from + (at - this.#at) / this.#speed;
    const ms = due - performance.now();
    // Timers are late by up to a millisecond, never early.
    if (ms >= 1) await sleep(Math.floor(ms), undefined, { signal }).catch(() => {});
  }
}
