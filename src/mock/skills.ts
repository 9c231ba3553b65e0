import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { download } from "./files.ts";
import { missingParameter } from "./refusal.ts";
import { fill } from "./resource.ts";
import { skill } from "./resources/storage.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

const version = `${skill}/versions/{version}`;

/** Skills and their versions, which are counted from 1. */
export function skillOperations(shelves: Shelves, store: Store): Operations {
  async function keep(asked: Asked, skill_id: string, number: string): Promise<object> {
    const said = await fieldsOf(asked);
    const [given] = [said.files ?? said.file].flat();
    if (!(given instanceof Blob)) throw missingParameter("files");
    const content = Buffer.from(await given.arrayBuffer());
    const params = { skill_id };
    const made = shelves.add(
      version,
      params,
      `${skill_id} ${number}`,
      { version: number },
      {
        version: number,
      },
    );
    store.set(`${fill(version, { skill_id, version: number })}/content`, content);
    return made;
  }

  async function create(asked: Asked) {
    const made = shelves.add<{ id: string }>(skill, {}, asked.digest);
    await keep(asked, made.id, "1").catch((error: unknown) => {
      shelves.remove(skill, { skill_id: made.id });
      throw error;
    });
    return json(made);
  }

  async function createVersion(asked: Asked) {
    const found = shelves.find<Fields & { id: string }>(skill, asked.params);
    const latest_version = String(Number(found.latest_version) + 1);
    const made = await keep(asked, found.id, latest_version);
    shelves.put(skill, asked.params, { ...found, latest_version });
    return json(made);
  }

  const content = (asked: Asked, number: string) => {
    const params = { ...asked.params, version: number };
    shelves.find(version, params);
    const bytes = store.get<Buffer>(`${fill(version, params)}/content`) ?? Buffer.alloc(0);
    return download(asked, bytes, "application/zip");
  };

  return {
    "POST /skills": create,
    [`POST ${skill}/versions`]: createVersion,
    [`DELETE ${version}`]: ({ params }) => {
      const { id } = shelves.find<{ id: string }>(version, params);
      shelves.remove(version, params);
      return json({ id, object: "skill.version.deleted", deleted: true, version: params.version });
    },
    [`GET ${skill}/content`]: (asked) => {
      const found = shelves.find<Fields>(skill, asked.params);
      return content(asked, String(found.default_version));
    },
    [`GET ${version}/content`]: (asked) => content(asked, asked.params.version ?? ""),
  };
}
