import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { bytesIn, type Fields, fieldsOf, textIn } from "./fields.ts";
import { download, type Files } from "./files.ts";
import { missingParameter } from "./refusal.ts";
import { fill } from "./resource.ts";
import { container } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

const one = `${container}/files/{file_id}`;

/** The files in containers: uploaded to one, or copied from what was uploaded before. */
export function containerOperations(shelves: Shelves, files: Files, store: Store): Operations {
  async function add(asked: Asked) {
    const said = await fieldsOf(asked);
    shelves.find(container, asked.params);
    const { name, content } = await sourceOf(said);
    const more = { path: `/mnt/data/${name}`, bytes: content.length };
    const file = shelves.add<{ id: string }>(one, asked.params, asked.digest, {}, more);
    store.set(`${fill(one, { ...asked.params, file_id: file.id })}/content`, content);
    return json(file);
  }

  async function sourceOf(said: Fields): Promise<{ name: string; content: Buffer }> {
    if (said.file instanceof File) {
      return { name: said.file.name, content: await bytesIn(said, "file") };
    }
    if (said.file_id === undefined) throw missingParameter("file");
    const { file, content } = files.find(textIn(said, "file_id"));
    return { name: file.filename, content };
  }

  return {
    [`POST ${container}/files`]: add,
    [`GET ${one}/content`]: (asked) => {
      shelves.find(one, asked.params);
      const content = store.get<Buffer>(`${fill(one, asked.params)}/content`);
      return download(asked, content ?? Buffer.alloc(0));
    },
  };
}
