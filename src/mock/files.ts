import * as v from "valibot";
import { headerOf } from "../header-list.ts";
import { type Answer, json, madeAt } from "./answer.ts";
import { type Asked, formOf } from "./asked.ts";
import { pageOf } from "./page.ts";
import { rangeOf } from "./range.ts";
import { noSuchFile, rangeNotSatisfiable } from "./refusal.ts";
import { fill, type Resource } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

const one = "/files/{file_id}";

export const fileResource: Resource = {
  path: one,
  does: "",
  id: "file-",
  gives: { filename: "", purpose: "", bytes: 0 },
  own: { object: "file", created_at: madeAt, status: "processed" },
};

const uploadForm = v.looseObject({
  file: v.instance(File),
  purpose: v.picklist(["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]),
});

export type FileObject = { id: string; filename: string; purpose: string; bytes: number };

export type Files = ReturnType<typeof createFiles>;

/** The files that were uploaded or made, with what is in them. */
export function createFiles(shelves: Shelves, store: Store) {
  const contentOf = (file_id: string) => `${fill(one, { file_id })}/content`;

  function add(filename: string, purpose: string, content: Buffer): FileObject {
    // Not from the request: clients make up a new multipart boundary each time.
    const seed = JSON.stringify([filename, purpose]) + content.toString("latin1");
    const said = { filename, purpose, bytes: content.length };
    const file = shelves.add<FileObject>(one, {}, seed, said);
    store.set(contentOf(file.id), content);
    return file;
  }

  function seek(file_id: string): { file: FileObject; content: Buffer } | undefined {
    const file = store.get<FileObject>(fill(one, { file_id }));
    const content = store.get<Buffer>(contentOf(file_id));
    return file && content && { file, content };
  }

  function find(file_id: string) {
    const found = seek(file_id);
    if (!found) throw noSuchFile(file_id);
    return found;
  }

  return { add, find, seek };
}

export function fileOperations(files: Files, shelves: Shelves): Operations {
  async function upload(asked: Asked): Promise<Answer> {
    const { file, purpose } = await formOf(asked, uploadForm);
    return json(files.add(file.name, purpose, Buffer.from(await file.arrayBuffer())));
  }

  function list({ query }: Asked): Answer {
    const purpose = query.get("purpose");
    const all = shelves.list(one, {}).filter((file) => !purpose || file.purpose === purpose);
    return json(pageOf(all, query, { usual: 10_000, most: 10_000 }));
  }

  return {
    "GET /files": list,
    "POST /files": upload,
    [`GET ${one}`]: ({ params: { file_id = "" } }) => json(files.find(file_id).file),
    [`DELETE ${one}`]: ({ params }) => {
      const { id } = files.find(params.file_id ?? "").file;
      shelves.remove(one, params);
      return json({ id, object: "file", deleted: true });
    },
    [`GET ${one}/content`]: (asked) =>
      download(asked, files.find(asked.params.file_id ?? "").content),
  };
}

/** Bytes as they are, or the range of them that is asked for. */
export function download(asked: Asked, content: Buffer, type = "application/octet-stream"): Answer {
  const size = content.length;
  const headers = ["content-type", type, "accept-ranges", "bytes"];
  const range = rangeOf(asked.method === "GET" ? headerOf(asked.headers, "range") : "", size);
  if (range === null) throw rangeNotSatisfiable(size);
  if (range === undefined) return { status: 200, headers, body: content };
  const { start, end } = range;
  headers.push("content-range", `bytes ${start}-${end - 1}/${size}`);
  return { status: 206, headers, body: content.subarray(start, end) };
}
