import { statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Asked, Matcher, Recorded } from "./entry.ts";
import { listTape, readAsked } from "./file.ts";
import { shortened } from "./name.ts";

/** Files that are read before anything else has its turn. */
const atOnce = 32;

type Rules = { matcher: Matcher; afterLast: "repeat" | "miss" };

/**
 * The recordings of a folder, and which of them this relay has used. At first their names are enough; only
 * a request that was never recorded to the byte has their first lines read, once.
 */
export class Shelf {
  readonly folder: string;
  #rules: Rules;
  /** Names of recordings, in order. */
  #byDigest = new Map<string, string[]>();
  #byKey: Promise<Map<string, string[]>> | undefined;
  /** The first lines that were read; `undefined`: it cannot be. */
  #read = new Map<string, (Recorded & { key: string }) | undefined>();
  #used = new Set<string>();
  /** Recorded by this relay: not what it should replay. */
  #own = new Set<string>();
  #changed = 0;

  constructor(folder: string, rules: Rules) {
    this.folder = folder;
    this.#rules = rules;
    this.#list();
  }

  /** The file that answers a request; `undefined`: there is none. */
  async take(asked: Asked): Promise<string | undefined> {
    if (!this.#byDigest.has(shortened(asked.digest)) && this.#hasChanged()) this.#list();
    const exact = this.#choose(this.#byDigest.get(shortened(asked.digest)));
    if (exact !== undefined) return exact;
    this.#byKey ??= this.#readAll();
    const { matcher } = this.#rules;
    const same = this.#choose((await this.#byKey).get(matcher.keyOf(asked)));
    if (same !== undefined) return same;
    const imported = this.#known().filter(({ asked: one }) => {
      return one.when && matcher.meets(asked, one);
    });
    // The first of them answers, and those that are to be met the same way.
    const group = imported.filter((one) => one.asked.digest === imported[0]!.asked.digest);
    return this.#choose(group.map(({ name }) => name));
  }

  /** Another one for the same request as `file`, not used yet, of which `fits` is true. */
  async takeOther(
    file: string,
    fits: (file: string) => Promise<boolean>,
  ): Promise<string | undefined> {
    const groups = [...this.#byDigest.values(), ...((await this.#byKey)?.values() ?? [])];
    for (const name of groups.filter((group) => group.some((one) => this.#at(one) === file)).flat())
      if (!this.#used.has(name) && (await fits(this.#at(name))) && !this.#used.has(name)) {
        this.#used.add(name);
        return this.#at(name);
      }
    return undefined;
  }

  /** It has not been used after all. */
  giveBack(file: string): void {
    for (const name of this.#used) if (this.#at(name) === file) this.#used.delete(name);
  }

  /** What the tape has instead. */
  async explain(asked: Asked): Promise<string> {
    this.#byKey ??= this.#readAll();
    await this.#byKey;
    return this.#rules.matcher.explain(asked, this.#known());
  }

  /** Takes in what this relay has recorded itself. */
  add(name: string, asked: Asked): void {
    this.#own.add(name);
    const group = this.#byDigest.get(shortened(asked.digest));
    if (group) group.push(name);
    else this.#byDigest.set(shortened(asked.digest), [name]);
  }

  unused(): string[] {
    const names = [...this.#byDigest.values()].flat();
    return names.filter((name) => !this.#used.has(name) && !this.#own.has(name));
  }

  #choose(group: readonly string[] | undefined): string | undefined {
    // What is being recorded goes on being recorded: its next answer may be another one.
    if (!group?.length || group.some((name) => this.#own.has(name))) return undefined;
    const next = group.find((name) => !this.#used.has(name));
    const name = next ?? (this.#rules.afterLast === "repeat" ? group.at(-1) : undefined);
    if (name === undefined) return undefined;
    this.#used.add(name);
    return this.#at(name);
  }

  #list(): void {
    this.#changed = changedAt(this.folder);
    this.#byDigest.clear();
    this.#byKey = undefined;
    for (const { name, digest } of listTape(this.folder)) {
      const group = this.#byDigest.get(digest);
      if (group) group.push(name);
      else this.#byDigest.set(digest, [name]);
    }
  }

  /** Whether another process has recorded something. */
  #hasChanged(): boolean {
    return changedAt(this.folder) !== this.#changed;
  }

  async #readAll(): Promise<Map<string, string[]>> {
    const names = [...this.#byDigest.values()].flat();
    const unread = names.filter((name) => !this.#read.has(name));
    for (const [i, name] of unread.entries()) {
      this.#read.set(name, this.#look(name));
      if (i % atOnce === 0) await nextTurn();
    }
    const keys = new Map<string, string[]>();
    for (const { name, key } of this.#known()) {
      const group = keys.get(key);
      if (group) group.push(name);
      else keys.set(key, [name]);
    }
    return keys;
  }

  /** What is broken is told by `relay tape check`, and answers nothing. */
  #look(name: string): (Recorded & { key: string }) | undefined {
    try {
      const asked = readAsked(this.#at(name));
      return { name, asked, key: this.#rules.matcher.keyOf(asked) };
    } catch {
      return undefined;
    }
  }

  /** In the order in which they were recorded. */
  #known(): (Recorded & { key: string })[] {
    return [...this.#read.values()].filter((one) => one !== undefined).sort(inTime);
  }

  #at(name: string): string {
    return join(this.folder, name);
  }
}

function inTime(a: Recorded, b: Recorded): number {
  const [one, other] = [a.asked.recorded + a.name, b.asked.recorded + b.name];
  return one < other ? -1 : one > other ? 1 : 0;
}

function changedAt(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
