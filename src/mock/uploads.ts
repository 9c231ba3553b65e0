import { idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { bytesIn, fieldsWith, textIn, textsIn } from "./fields.ts";
import type { Files } from "./files.ts";
import { noSuch, notNow } from "./refusal.ts";
import { fill } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

const one = "/uploads/{upload_id}";
const part = `${one}/parts/{part_id}`;

type Upload = { id: string; status: string; filename: string; purpose: string };

/** A file that comes in parts, and is put together at the end. */
export function uploadOperations(shelves: Shelves, files: Files, store: Store): Operations {
  function pending(asked: Asked, act: string): Upload {
    const upload = shelves.find<Upload>(one, asked.params);
    if (upload.status !== "pending") throw notNow("upload", act, upload.status);
    return upload;
  }

  async function addPart(asked: Asked) {
    pending(asked, "add a part to");
    const content = await bytesIn(await fieldsWith(asked, "data"), "data");
    const id = idOf("part_", `${asked.params.upload_id}${content.toString("latin1")}`);
    store.set(fill(part, { ...asked.params, part_id: id }), content);
    return json({
      object: "upload.part",
      id,
      upload_id: asked.params.upload_id,
      created_at: madeAt,
    });
  }

  async function complete(asked: Asked) {
    const upload = pending(asked, "complete");
    const names = textsIn(await fieldsWith(asked, "part_ids"), "part_ids");
    const parts = names.map((part_id) => {
      const content = store.get<Buffer>(fill(part, { ...asked.params, part_id }));
      if (!content) throw noSuch("part", part_id);
      return content;
    });
    const { filename, purpose } = upload;
    const file = files.add(filename, textIn({ purpose }, "purpose"), Buffer.concat(parts));
    const done = { ...upload, status: "completed", file };
    shelves.remove(one, asked.params);
    shelves.put(one, asked.params, done);
    return json(done);
  }

  function cancel(asked: Asked) {
    const cancelled = { ...pending(asked, "cancel"), status: "cancelled" };
    shelves.remove(one, asked.params);
    shelves.put(one, asked.params, cancelled);
    return json(cancelled);
  }

  return {
    [`POST ${one}/parts`]: addPart,
    [`POST ${one}/complete`]: complete,
    [`POST ${one}/cancel`]: cancel,
  };
}
