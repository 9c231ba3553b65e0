import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import type { Asked, Line } from "./entry.ts";
import { keepPart, partOf } from "./file.ts";
import { stemOf } from "./name.ts";

/** A recording that is being written: nobody takes it for one until it is whole. */
export type Draft = {
  readonly asked: Asked;
  write(lines: readonly Line[]): Promise<void>;
  /** Makes it the next recording of its request, and returns its name. */
  keep(): Promise<string>;
  drop(): Promise<void>;
};

export async function openDraft(folder: string, asked: Asked): Promise<Draft> {
  const stem = stemOf(asked.method, asked.path, asked.digest);
  const part = partOf(folder, stem);
  const handle = await openIn(folder, part);
  const write = (lines: readonly Line[]) =>
    handle.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await write([asked]);
  return {
    asked,
    write,
    async keep() {
      await handle.close();
      return keepPart(part, folder, stem);
    },
    async drop() {
      await handle.close().catch(() => {});
      await unlink(part);
    },
  };
}

/** What people asked their machine is nobody else's business. */
async function openIn(folder: string, part: string): Promise<FileHandle> {
  const create = () => open(part, "wx", 0o600);
  return create().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    await mkdir(folder, { recursive: true });
    return create();
  });
}
