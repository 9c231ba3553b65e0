import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { createAttach } from "./attach.ts";
import { type Fields, fieldsOf, fieldsWith, numberIn, textIn, textsIn } from "./fields.ts";
import { fileBatchOperations } from "./filebatches.ts";
import type { Files } from "./files.ts";
import { vectorStore, vectorStoreFile } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import { passes, scoreOf } from "./search.ts";
import type { Shelves } from "./shelves.ts";
import { textOf } from "./speech.ts";
import type { Store } from "./store.ts";

/** Vector stores, the files in them, and a search that knows words only. */
export function vectorStoreOperations(shelves: Shelves, files: Files, store: Store): Operations {
  const { attach, count } = createAttach(shelves, files);

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

  async function search(asked: Asked) {
    const said = await fieldsWith(asked, "query");
    const query = textOf(said.query);
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
    ...fileBatchOperations(shelves, attach, store),
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
    [`POST ${vectorStore}/search`]: search,
  };
}
