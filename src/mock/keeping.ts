import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith } from "./fields.ts";
import { page } from "./page.ts";
import { filled, keyOf, listOf, merged, type Resource } from "./resource.ts";
import type { Operation, Operations } from "./router.ts";
import { type Shelves, wordsOf } from "./shelves.ts";

/** The operations of a resource that do no more than keep what they are told. */
export function keepingOperations(resource: Resource, shelves: Shelves): Operations {
  const { path, does, gives, acts = {}, tells } = resource;

  async function create(asked: Asked) {
    const { params, digest } = asked;
    shelves.reach(path, params);
    const said = await fieldsWith(asked, ...namesIn(resource.needs));
    const made = shelves.add(path, params, digest, said);
    return json(tells ? { ...made, ...filled(tells, wordsOf(String(made.id))) } : made);
  }

  const change = (set?: Fields): Operation =>
    async function change(asked) {
      const item = shelves.find(path, asked.params);
      const said = set ?? (await fieldsWith(asked, ...namesIn(resource.changes)));
      const changed = set ? { ...item, ...set } : merged(item, said, resource);
      shelves.put(path, asked.params, changed);
      return json(changed);
    };

  function remove({ params }: Asked) {
    const item = shelves.find(path, params);
    shelves.remove(path, params);
    return json(goneOf(resource, item, params));
  }

  const by = resource.id || "id" in { ...gives, ...resource.own } ? "id" : keyOf(path);
  const paging = { by, order: resource.order, hasNext: resource.hasNext };
  const basic: Operations = {
    [`list GET ${listOf(path)}`]: ({ params, query }) =>
      page(shelves.list(path, params), query, paging),
    [`create POST ${listOf(path)}`]: create,
    [`retrieve GET ${path}`]: ({ params }) => json(shelves.find(path, params)),
    [`update POST ${path}`]: change(),
    [`delete DELETE ${path}`]: remove,
  };
  const operations: Operations = {};
  for (const [name, operation] of Object.entries(basic)) {
    const [verb = "", ...rest] = name.split(" ");
    if (does.split(" ").includes(verb)) operations[rest.join(" ")] = operation;
  }
  for (const [act, set] of Object.entries(acts)) operations[`POST ${path}/${act}`] = change(set);
  return operations;
}

/** What an answer says of a thing that is no more. */
function goneOf({ gone, path }: Resource, item: Fields, params: Record<string, string>) {
  if (typeof gone === "object") return filled(gone, params);
  const object = gone ?? `${item.object}.deleted`;
  return { id: item.id ?? params[keyOf(path)], object, deleted: true };
}

function namesIn(list = ""): string[] {
  return list.split(" ").filter(Boolean);
}
