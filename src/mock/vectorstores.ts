import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import {
  type Fields,
  fieldsOf,
  fieldsWith,
  numberIn,
  objectsIn,
  textIn,
  textsIn,
} from "./fields.ts";
import type { Files } from "./files.ts";
import { page } from "./page.ts";
import { missingParameter, notNow } from "./refusal.ts";
import { fill } from "./resource.ts";
import { fileBatch, noFiles, vectorStore, vectorStoreFile } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import { passes, scoreOf } from "./search.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

type Params = Record<string, string>;
type Batch = { id: string; status: string; file_counts: { total: number } };

/** Vector stores, the files in them, and a search that knows words only. */
export function vectorStoreOperations(shelves: Shelves, files: Files, store: Store): Operations {
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

  async function create(asked: Asked) {
    const said = await fieldsOf(asked);
    const file_ids = textsIn(said, "file_ids");
    for (const id of file_ids) files.find(id);
    const { id } = shelves.add<{ id: string }>(vectorStore, {}, asked.digest, said);
    const params = { vector_store_id: id };
    attach(
      params,
      file_ids.map((file_id) => ({ file_id })),
    );
    return json(shelves.find(vectorStore, params));
  }

  async function addFile(asked: Asked) {
    const said = await fieldsWith(asked, "file_id");
    shelves.find(vectorStore, asked.params);
    attach(asked.params, [said]);
    const params = { ...asked.params, file_id: textIn(said, "file_id") };
    return json(shelves.find(vectorStoreFile, params));
  }

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

  async function search(asked: Asked) {
    const said = await fieldsWith(asked, "query");
    const query = [said.query].flat().join(" ");
    const inside = shelves.list<{ id: string; attributes: Fields }>(vectorStoreFile, asked.params);
    const found = inside
      .filter(({ attributes }) => passes(attributes, said.filters))
      .flatMap(({ id, attributes }) => {
        const found = files.seek(id);
        if (!found) return [];
        const text = found.content.toString();
        const score = scoreOf(query, text);
        const { filename } = found.file;
        return { file_id: id, filename, score, attributes, content: [{ type: "text", text }] };
      })
      .sort((one, other) => other.score - one.score)
      .slice(0, numberIn(said, "max_num_results", 10));
    const more = { search_query: [said.query].flat(), has_more: false, next_page: null };
    return json({ object: "vector_store.search_results.page", ...more, data: found });
  }

  return {
    "POST /vector_stores": create,
    [`POST ${vectorStore}/files`]: addFile,
    [`DELETE ${vectorStoreFile}`]: ({ params }) => {
      const { id } = shelves.find<{ id: string }>(vectorStoreFile, params);
      shelves.remove(vectorStoreFile, params);
      count(params);
      return json({ id, object: "vector_store.file.deleted", deleted: true });
    },
    [`GET ${vectorStoreFile}/content`]: ({ params }) => {
      const { id } = shelves.find<{ id: string }>(vectorStoreFile, params);
      const text = files.find(id).content.toString();
      const data = [{ type: "text", text }];
      const more = { has_more: false, next_page: null };
      return json({ object: "vector_store.file_content.page", data, ...more });
    },
    [`POST ${vectorStore}/file_batches`]: addBatch,
    [`GET ${fileBatch}/files`]: listBatchFiles,
    [`GET ${fileBatch}`]: retrieveBatch,
    [`POST ${fileBatch}/cancel`]: cancelBatch,
    [`POST ${vectorStore}/search`]: search,
  };
}
