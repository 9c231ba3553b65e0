import { type Fields, textIn } from "./fields.ts";
import type { Files } from "./files.ts";
import { noFiles, vectorStore, vectorStoreFile } from "./resources/storage.ts";
import type { Shelves } from "./shelves.ts";

type Params = Record<string, string>;

export type Attach = (params: Params, wanted: Fields[]) => void;

/** Puts files into a vector store, whose numbers follow. */
export function createAttach(shelves: Shelves, files: Files) {
  /** All of them, or none where one is no file. */
  function attach(params: Params, wanted: Fields[]): void {
    const found = wanted.map((said) => ({ said, ...files.find(textIn(said, "file_id")) }));
    for (const { said, file } of found) {
      const more = { usage_bytes: file.bytes };
      shelves.add(vectorStoreFile, params, file.id, { ...said, file_id: file.id }, more);
    }
    count(params);
  }

  /** Brings the numbers of a vector store up to date. */
  function count(params: Params): void {
    const inside = shelves.list<{ usage_bytes: number }>(vectorStoreFile, params);
    const usage_bytes = inside.reduce((sum, file) => sum + file.usage_bytes, 0);
    const file_counts = { ...noFiles, completed: inside.length, total: inside.length };
    const store = shelves.find(vectorStore, params);
    shelves.put(vectorStore, params, { ...store, usage_bytes, file_counts });
  }

  return { attach, count };
}
