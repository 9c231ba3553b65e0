import { json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { noSuch } from "./refusal.ts";
import { fill } from "./resource.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import type { Store } from "./store.ts";

const organizationRole = "/organization/roles/{role_id}";
const projectRole = "/projects/{project_id}/roles/{role_id}";

/** What roles are given to, and where the roles are. */
const holders = [
  { path: "/organization/groups/{group_id}", roles: organizationRole, kind: "group" },
  { path: "/organization/users/{user_id}", roles: organizationRole, kind: "user" },
  { path: "/projects/{project_id}/groups/{group_id}", roles: projectRole, kind: "group" },
  { path: "/projects/{project_id}/users/{user_id}", roles: projectRole, kind: "user" },
];

/** Roles of users and of groups, in the organization and in its projects. */
export function roleOperations(shelves: Shelves, store: Store): Operations {
  return Object.assign({}, ...holders.map((holder) => holderOperations(holder, shelves, store)));
}

function holderOperations({ path, roles, kind }: Holder, shelves: Shelves, store: Store) {
  const list = `${path}/roles`;
  const one = `${list}/{role_id}`;

  async function give(asked: Asked) {
    const holder = holderOf(kind, asked.params, shelves);
    const role_id = textIn(await fieldsWith(asked, "role_id"), "role_id");
    const params = { ...asked.params, role_id };
    const role = shelves.find(roles, params);
    store.set(fill(one, params), { ...role, object: undefined, ...assignment });
    return json({ object: `${kind}.role`, role, [kind]: holder });
  }

  function find({ params }: Asked): Fields {
    const role = store.get<Fields>(fill(one, params));
    if (!role) throw noSuch("role", params.role_id ?? "");
    return role;
  }

  return {
    [`GET ${list}`]: ({ params, query }) => {
      holderOf(kind, params, shelves);
      return page(store.list(fill(list, params)), query, { hasNext: true });
    },
    [`POST ${list}`]: give,
    [`GET ${one}`]: (asked) => json(find(asked)),
    [`DELETE ${one}`]: (asked) => {
      find(asked);
      store.remove(fill(one, asked.params));
      return json({ object: `${kind}.role.deleted`, deleted: true });
    },
  } satisfies Operations;
}

type Holder = (typeof holders)[number];

const assignment = {
  assignment_sources: null,
  created_at: madeAt,
  created_by: null,
  created_by_user_obj: null,
  metadata: null,
  updated_at: madeAt,
};

function holderOf(kind: string, params: Record<string, string>, shelves: Shelves): Fields {
  if (kind === "user") return shelves.find("/organization/users/{user_id}", params);
  const { id, name, created_at } = shelves.find("/organization/groups/{group_id}", params);
  return { object: "group", id, name, created_at, scim_managed: false };
}
