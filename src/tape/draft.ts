import { basename, join } from "node:path";
import type { Asked, Line } from "./entry.ts";
import { partEnding } from "./file.ts";
import { stemOf, toName } from "./name.ts";
import type { Pen } from "./pen.ts";

let drafts = 0;

/** A recording that is being written: nobody takes it for one until it is whole. */
export class Draft {
  readonly asked: Asked;
  #pen: Pen;
  #stem: string;
  #part: string;
  #id = drafts++;
  #hasBegun = false;

  constructor(pen: Pen, folder: string, asked: Asked) {
    this.asked = asked;
    this.#pen = pen;
    this.#stem = join(folder, stemOf(asked.method, asked.path, asked.digest));
    const mark = `${process.pid}-${Date.now().toString(36)}-${this.#id}`;
    this.#part = `${this.#stem}.${mark}${partEnding}`;
  }

  /** With the last of its lines it becomes a recording, and its name is told. */
  async write(lines: readonly Line[], isEnd: boolean): Promise<string> {
    const all = this.#hasBegun ? lines : [this.asked, ...lines];
    this.#hasBegun = true;
    const text = all.map((line) => `${JSON.stringify(line)}\n`).join("");
    const number = await this.#tell(text, isEnd);
    return toName(basename(this.#stem), number ?? 0);
  }

  async drop(): Promise<void> {
    if (this.#hasBegun) await this.#tell(undefined, true);
  }

  #tell(text: string | undefined, isEnd: boolean): Promise<number | undefined> {
    return this.#pen.write({ draft: this.#id, stem: this.#stem, part: this.#part, text, isEnd });
  }
}
