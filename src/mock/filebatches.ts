import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import type { Attach } from "./attach.ts";
import { fieldsOf, objectsIn, textIn, textsIn } from "./fields.ts";
import { page } from "./page.ts";
import { missingParameter, notNow } from "./refusal.ts";
import { fill } from "./resource.ts";
import { fileBatch, noFiles, vectorStore, vectorStoreFile } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

type Params = Record<string, string>;
type Batch = { id: string; status: string; file_counts: { total: number } };

/** Files that go into a vector store together. */
export function fileBatchOperations(shelves: Shelves, attach: Attach, store: Store): Operations {
  async function addBatch({ params, ...asked }: Asked) {
    const said = await fieldsOf({ params, ...asked });
    const ids = textsIn(said, "file_ids").map((file_id) => ({ ...said, file_id }));
    const wanted = ids.length > 0 ? ids : objectsIn(said, "files");
    if (wanted.length === 0) throw missingParameter("file_ids");
    shelves.find(vectorStore, params);
    attach(params, wanted);
    const file_counts = { ...noFiles, in_progress: wanted.length, total: wanted.length };
    const batch = shelves.add<Batch>(fileBatch, params, asked.digest, {}, { file_counts });
    const file_ids = wanted.map((file) => textIn(file, "file_id"));
    store.set(`${fill(fileBatch, { ...params, batch_id: batch.id })}/files`, file_ids);
    return json(batch);
  }

  /** Whoever asks for a batch finds it completed. */
  function retrieveBatch({ params }: Asked) {
    const batch = shelves.find<Batch>(fileBatch, params);
    if (batch.status === "in_progress") end(params, batch, "completed");
    return json(shelves.find(fileBatch, params));
  }

  function cancelBatch({ params }: Asked) {
    const batch = shelves.find<Batch>(fileBatch, params);
    if (batch.status !== "in_progress") throw notNow("file batch", "cancel", batch.status);
    end(params, batch, "cancelled");
    return json(shelves.find(fileBatch, params));
  }

  function end(params: Params, batch: Batch, status: "completed" | "cancelled"): void {
    const { total } = batch.file_counts;
    const file_counts = { ...noFiles, [status]: total, total };
    shelves.put(fileBatch, params, { ...batch, status, file_counts });
  }

  function listBatchFiles({ params, query }: Asked) {
    shelves.find(fileBatch, params);
    const ids = store.get<string[]>(`${fill(fileBatch, params)}/files`) ?? [];
    const inside = shelves.list<{ id: string }>(vectorStoreFile, params);
    const batched = inside.filter(({ id }) => ids.includes(id));
    return page(batched, query);
  }

  return {
    [`POST ${vectorStore}/file_batches`]: addBatch,
    [`GET ${fileBatch}/files`]: listBatchFiles,
    [`GET ${fileBatch}`]: retrieveBatch,
    [`POST ${fileBatch}/cancel`]: cancelBatch,
  };
}
