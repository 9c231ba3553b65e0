import { idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { fieldsWith, textIn, textsIn } from "./fields.ts";
import { page } from "./page.ts";
import type { Operations } from "./router.ts";
import { type Shelves, wordsOf } from "./shelves.ts";

const certificate = "/organization/certificates/{certificate_id}";
const projectCertificate = "/organization/projects/{project_id}/certificates/{certificate_id}";
const externalKey = "/organization/external_keys/{external_key_id}";
const groupPath = "/organization/groups/{group_id}";
const groupUser = "/organization/groups/{group_id}/users/{user_id}";
const serviceAccount = "/organization/projects/{project_id}/service_accounts/{service_account_id}";

/** What of the administration does more than keep. */
export function adminOperations(shelves: Shelves): Operations {
  async function joinGroup(asked: Asked) {
    const said = await fieldsWith(asked, "user_id");
    const { params, digest } = asked;
    const user_id = textIn(said, "user_id");
    const { name, email } = shelves.find("/organization/users/{user_id}", { user_id });
    shelves.add(groupUser, params, digest, said, { name, email });
    return json({ object: "group.user", group_id: params.group_id, user_id });
  }

  /** The certificates that a request names, now active in the organization or in a project, or not. */
  const activate = (active: boolean, path: string) =>
    async function activate(asked: Asked) {
      const said = await fieldsWith(asked, "certificate_ids");
      const changed = textsIn(said, "certificate_ids").map((certificate_id) => {
        const { name, certificate_details } = shelves.find(certificate, { certificate_id });
        const params = { ...asked.params, certificate_id };
        const found = shelves.list(path, params).find(({ id }) => id === certificate_id);
        const one = found ?? shelves.add(path, params, certificate_id, { certificate_id });
        const now = { ...one, name, certificate_details, active };
        shelves.put(path, params, now);
        return now;
      });
      return page(changed, asked.query, { order: "asc" });
    };

  async function createServiceAccount(asked: Asked) {
    const made = shelves.add(
      serviceAccount,
      asked.params,
      asked.digest,
      await fieldsWith(asked, "name"),
    );
    return json({ ...made, api_key: createKey(asked.digest) });
  }

  async function renameGroup(asked: Asked) {
    const group = shelves.find(groupPath, asked.params);
    const name = textIn(await fieldsWith(asked, "name"), "name");
    shelves.put(groupPath, asked.params, { ...group, name });
    const { id, created_at, is_scim_managed } = group;
    return json({ id, name, created_at, is_scim_managed });
  }

  return {
    [`POST ${groupPath}`]: renameGroup,
    "GET /organization/groups/{group_id}/users": ({ params, query }) => {
      const members = shelves.list(groupUser, params);
      const short = members.map(({ id, name, email }) => ({ id, name, email }));
      return page(short, query, { hasNext: true });
    },
    "POST /organization/groups/{group_id}/users": joinGroup,
    "POST /organization/certificates/activate": activate(true, certificate),
    "POST /organization/certificates/deactivate": activate(false, certificate),
    "POST /organization/projects/{project_id}/certificates/activate": activate(
      true,
      projectCertificate,
    ),
    "POST /organization/projects/{project_id}/certificates/deactivate": activate(
      false,
      projectCertificate,
    ),
    [`DELETE ${externalKey}`]: ({ params }) => {
      const key = shelves.find(externalKey, params);
      shelves.remove(externalKey, params);
      return json(key);
    },
    [`POST ${externalKey}/validate`]: ({ params }) => {
      shelves.find(externalKey, params);
      return json({ status: "validated" });
    },
    "POST /organization/projects/{project_id}/service_accounts": createServiceAccount,
    [`POST ${serviceAccount}/api_keys`]: ({ params, digest }) => {
      shelves.find(serviceAccount, params);
      return json(createKey(digest));
    },
  };
}

function createKey(digest: string) {
  const id = idOf("key_", digest);
  return {
    object: "organization.project.service_account.api_key",
    id,
    name: "Secret Key",
    value: `sk-svcacct-${wordsOf(id).secret}`,
    created_at: madeAt,
  };
}
