import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, objectIn } from "./fields.ts";
import { invalidParameter } from "./refusal.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

const credential = "/vaults/{vault_id}/credentials/{credential_id}";

/** What an answer repeats of each kind of credential: never what is secret. */
const told = new Map<unknown, Fields>(
  Object.entries({
    mcp_oauth: { mcp_server_url: "", expires_at: null, refresh: null },
    static_bearer: { mcp_server_url: "" },
    environment_variable: { networking: { type: "unrestricted" }, secret_name: "" },
  }),
);

function toldOf(type: unknown): Fields {
  const fields = told.get(type);
  if (!fields)
    throw invalidParameter("auth.type", `there is no credential of type ${JSON.stringify(type)}`);
  return fields;
}

export function vaultOperations(shelves: Shelves): Operations {
  async function create(asked: Asked) {
    const said = await fieldsWith(asked, "name", "auth");
    const given = objectIn(said, "auth");
    const fields = Object.entries(toldOf(given.type));
    const known = fields.map(([name, silent]) => [
      name,
      name === "refresh" ? null : (given[name] ?? silent),
    ]);
    const auth = { type: given.type, ...Object.fromEntries(known) };
    return json(shelves.add(credential, asked.params, asked.digest, said, { auth }));
  }

  return { "POST /vaults/{vault_id}/credentials": create };
}
