/** Who asks this much too early, in milliseconds, is served: timers of clients are not that exact. */
const grace = 1;

/**
 * A token bucket: holds `size`, fills up from empty in `fillMs`, steadily. The clock is that of
 * `performance.now()`, which never goes back.
 */
export class Bucket {
  readonly size: number;
  #perMs: number;
  #level: number;
  #seenAt: number;

  constructor(size: number, fillMs: number, now: number) {
    this.size = size;
    this.#perMs = size / fillMs;
    this.#level = size;
    this.#seenAt = now;
  }

  /** Milliseconds until `amount` is there; 0: now. More than the bucket holds never is. */
  waitFor(amount: number, now: number): number {
    this.#fill(now);
    if (amount > this.size) return Number.POSITIVE_INFINITY;
    const wait = (amount - this.#level) / this.#perMs;
    return wait <= grace ? 0 : wait;
  }

  take(amount: number, now: number): void {
    this.#fill(now);
    this.#level -= amount;
  }

  /** Whole units that are left. */
  left(now: number): number {
    this.#fill(now);
    // What two additions of fractions are off by is not worth a unit.
    return Math.max(0, Math.floor(this.#level + 1e-6));
  }

  /** Milliseconds until the bucket is full again. */
  untilFull(now: number): number {
    this.#fill(now);
    return (this.size - this.#level) / this.#perMs;
  }

  #fill(now: number): void {
    this.#level = Math.min(this.size, this.#level + (now - this.#seenAt) * this.#perMs);
    this.#seenAt = now;
  }
}
