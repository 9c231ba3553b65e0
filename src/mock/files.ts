import type { FileDeleted, FileObject } from "openai/resources/files";
import * as v from "valibot";
import { type Answer, idOf, json, madeAt } from "./answer.ts";
import { type Asked, formOf, headerOf } from "./asked.ts";
import { rangeOf } from "./range.ts";
import { noSuchFile, rangeNotSatisfiable } from "./refusal.ts";

const uploadForm = v.looseObject({
  file: v.instance(File),
  purpose: v.picklist(["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]),
});

type Stored = { about: FileObject; content: Buffer };

/** The operations on files, which live as long as the mock does. */
export function createFiles() {
  const files = new Map<string, Stored>();

  function find({ params: { file_id = "" } }: Asked): Stored {
    const file = files.get(file_id);
    if (!file) throw noSuchFile(file_id);
    return file;
  }

  async function upload(asked: Asked): Promise<Answer> {
    const { file, purpose } = await formOf(asked, uploadForm);
    const content = Buffer.from(await file.arrayBuffer());
    const about = {
      // Not from the request: clients make up a new multipart boundary each time.
      id: idOf("file-", JSON.stringify([file.name, purpose]) + content.toString("latin1")),
      object: "file",
      bytes: content.length,
      created_at: madeAt,
      filename: file.name,
      purpose: purpose as FileObject["purpose"],
      status: "processed",
    } satisfies FileObject;
    files.set(about.id, { about, content });
    return json(about);
  }

  function list({ query }: Asked): Answer {
    const purpose = query.get("purpose");
    const all = [...files.values()].map(({ about }) => about);
    if (query.get("order") !== "asc") all.reverse();
    const matching = all.filter((file) => !purpose || file.purpose === purpose);
    const rest = matching.slice(matching.findIndex(({ id }) => id === query.get("after")) + 1);
    const data = rest.slice(0, Number(query.get("limit")) || 10_000);
    const ends = { first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null };
    return json({ object: "list", data, ...ends, has_more: data.length < rest.length });
  }

  function retrieve(asked: Asked): Answer {
    return json(find(asked).about);
  }

  function content(asked: Asked): Answer {
    const { content } = find(asked);
    const size = content.length;
    const headers = ["content-type", "application/octet-stream", "accept-ranges", "bytes"];
    const range = rangeOf(asked.method === "GET" ? headerOf(asked.headers, "range") : "", size);
    if (range === null) throw rangeNotSatisfiable(size);
    if (range === undefined) return { status: 200, headers, body: content };
    const { start, end } = range;
    headers.push("content-range", `bytes ${start}-${end - 1}/${size}`);
    return { status: 206, headers, body: content.subarray(start, end) };
  }

  function remove(asked: Asked): Answer {
    const { id } = find(asked).about;
    files.delete(id);
    return json({ id, object: "file", deleted: true } satisfies FileDeleted);
  }

  return { upload, list, retrieve, content, remove };
}
