/** A count that only rises, and that others wait for: the way to pace by events instead of by time. */
export class Gauge {
  value = 0;
  #waiting: { goal: number; reached: () => void }[] = [];

  add(count: number): void {
    this.value += count;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ goal }) => goal > this.value);
    for (const { goal, reached } of waiting) if (goal <= this.value) reached();
  }

  async reach(goal: number): Promise<void> {
    if (this.value < goal) {
      await new Promise<void>((reached) => this.#waiting.push({ goal, reached }));
    }
  }
}
