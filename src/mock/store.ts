/** A thing that the mock keeps: an answer's body, a file's bytes, or a note of its own. */
export type Kept = object;

/** The most things that a mock keeps; beyond it the oldest go. */
const mostThings = 10_000;

/** The most bytes that they may weigh together; beyond it the oldest go. */
const mostBytes = 256 * 1024 ** 2;

export type Store = ReturnType<typeof createStore>;

/** What the mock remembers, by path: `/threads/thread_1/messages/msg_2` is below `/threads/thread_1`. */
export function createStore() {
  const things = new Map<string, { value: Kept; weight: number }>();
  let bytes = 0;

  function forget(path: string): void {
    bytes -= things.get(path)?.weight ?? 0;
    things.delete(path);
  }

  function get<T extends Kept>(path: string): T | undefined {
    return things.get(path)?.value as T | undefined;
  }

  /** Puts it last when it is new, and leaves it in its place otherwise. */
  function set(path: string, value: Kept): void {
    const weight = weightOf(value);
    bytes += weight - (things.get(path)?.weight ?? 0);
    things.set(path, { value, weight });
    for (const oldest of things.keys()) {
      if (things.size <= mostThings && bytes <= mostBytes) break;
      if (oldest !== path) forget(oldest);
    }
  }

  /** Forgets it and everything below it. */
  function remove(path: string): void {
    for (const other of things.keys()) {
      if (other === path || other.startsWith(`${path}/`)) forget(other);
    }
  }

  /** What is directly below a path, oldest first. */
  function list<T extends Kept>(path: string): T[] {
    const start = `${path}/`;
    const found: T[] = [];
    for (const [other, { value }] of things) {
      if (other.startsWith(start) && !other.includes("/", start.length)) found.push(value as T);
    }
    return found;
  }

  return { get, set, remove, list };
}

function weightOf(value: Kept): number {
  return Buffer.isBuffer(value) ? value.length : JSON.stringify(value).length;
}
