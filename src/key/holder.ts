import { keyMissing, RelayError } from "../errors.ts";
import { keepSecret } from "../tellable.ts";
import { faultOf } from "./form.ts";
import type { Source } from "./source.ts";

/** A key in use. */
export type Key = {
  readonly value: string;
  /** Whose it is: `default`, `admin`, or the name of a rule. */
  readonly name: string;
  /** Where it comes from, in words. */
  readonly source: string;
  /** Upstream did not accept it: before the next request it is read again where it came from. */
  refused(): void;
};

/** A promise only while the key is being read. */
export type Found = Key | undefined | Promise<Key | undefined>;

/** Milliseconds for which nobody asks again where there was no key. */
const noneMs = 10_000;

/** Holds one key: reads it when it is first needed, once however many wait, and forgets it when told. */
export class Holder {
  readonly name: string;
  #source: Source;
  #signal: AbortSignal;
  #key: Key | undefined;
  #pending: Promise<Key | undefined> | undefined;
  #noneUntil = 0;
  /** The key that upstream refused last. */
  #old: Key | undefined;
  /** From when on it may be read again if it came back. */
  #againAt = 0;

  /** What `signal` ends is ended for good: the key is dropped, and what still reads it is stopped. */
  constructor(name: string, source: Source, signal: AbortSignal) {
    this.name = name;
    this.#source = source;
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      this.#key = undefined;
      this.#old = undefined;
    });
  }

  get(): Found {
    if (this.#key !== undefined) return this.#key;
    if (this.#pending === undefined && performance.now() < this.#noneUntil) return undefined;
    this.#pending ??= this.#read().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #read(): Promise<Key | undefined> {
    const value = await readKey(this.#source, this.#signal).catch((error: unknown) => {
      // Better what upstream had refused, which may have been for the request, than nothing.
      if (this.#old && !this.#signal.aborted) return this.#old.value;
      throw error;
    });
    // Not from its beginning: requests wait for a command, and one may take longer than that.
    this.#againAt = performance.now() + (this.#source.againMs ?? 0);
    if (this.#signal.aborted) return undefined;
    if (value === undefined) this.#noneUntil = performance.now() + noneMs;
    this.#key = value === undefined ? undefined : this.#hold(value);
    return this.#key;
  }

  #hold(value: string): Key {
    keepSecret(value);
    const source = this.#source.name;
    const key: Key = { value, name: this.name, source, refused: () => this.#refused(key) };
    return key;
  }

  #refused(key: Key): void {
    if (this.#source.againMs === undefined || key !== this.#key) return;
    if (this.#old?.value === key.value && performance.now() < this.#againAt) return;
    this.#old = key;
    this.#key = undefined;
  }
}

/** The key that lies in a source, if its form is that of a key. */
export async function readKey(source: Source, signal: AbortSignal): Promise<string | undefined> {
  const given = await source.read(signal).catch((error: unknown) => {
    if (source.isOptional) return undefined;
    if (error instanceof RelayError) throw error;
    // The cause may quote what was read: its code is all that is told.
    const code = String((error as { code?: unknown }).code ?? "failed");
    throw keyMissing(`The API key could not be read from ${source.name} (${code}).`);
  });
  if (given === undefined) return undefined;
  const key = given.trim();
  const fault = faultOf(key);
  if (fault) throw keyMissing(`The API key from ${source.name} ${fault.what}. ${fault.next}`);
  return key;
}
