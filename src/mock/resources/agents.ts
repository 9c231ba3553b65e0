import { madeAt } from "../answer.ts";
import type { Resource } from "../resource.ts";

const all = "list create retrieve update delete";

const text = { format: { type: "text" }, verbosity: "medium" };

/** What an agent does, wherever it is described. */
export const agentConfig = {
  instructions: null,
  model: "gpt-5",
  multi_agent: { enabled: false, max_concurrent_subagents: null },
  name: null,
  reasoning: { effort: null, summary: null },
  service_tier: "auto",
  text,
  tools: [],
};

export const agentResources: Resource[] = [
  {
    path: "/agents/{agent_id}",
    does: all,
    id: "agent_",
    needs: "model",
    gives: { ...agentConfig, metadata: {} },
    own: { object: "agent", created_at: madeAt, updated_at: madeAt },
  },
  {
    path: "/agents/automations/{automation_id}",
    does: all,
    id: "auto_",
    needs: "name target timezone type",
    gives: {
      type: "periodic",
      name: "",
      expression: "",
      timezone: "UTC",
      metadata: {},
      target: {
        type: "new_session",
        agent: null,
        agent_id: null,
        environment: { type: "none" },
        input: [],
        metadata: {},
        vault_ids: [],
      },
    },
    own: {
      object: "agent.automation",
      created_at: madeAt,
      created_by: { type: "developer" },
      status: "active",
    },
    acts: { pause: { status: "paused" }, resume: { status: "active" } },
  },
  {
    path: "/agents/automations/{automation_id}/invocations/{invocation_id}",
    does: "list create retrieve",
    id: "inv_",
    gives: {},
    own: {
      object: "agent.automation.invocation",
      automation_id: "{automation_id}",
      created_at: madeAt,
      scheduled_at: null,
      session_id: null,
      skip_reason: null,
      source: { type: "manual" },
      status: "completed",
      error: null,
    },
  },
  {
    path: "/agents/environments/{environment_id}",
    does: "list create retrieve",
    id: "env_",
    needs: "environment",
    gives: {},
    own: {
      object: "agent.environment",
      type: "openai_hosted",
      status: "ready",
      files: [],
      plugins: [],
      skills: [],
    },
  },
  {
    path: "/agents/environments/templates/{environment_template_id}",
    does: all,
    id: "envt_",
    gives: {
      name: null,
      capability_directories: [],
      network: { access: "enabled", allowed_domains: [] },
      packages: { npm: [], python: [], system: [] },
    },
    own: {
      object: "agent.environment.template",
      files: [],
      plugins: [],
      skills: [],
      created_at: madeAt,
      updated_at: madeAt,
    },
  },
  {
    path: "/agents/environments/{environment_id}/files/{path}",
    does: "list create",
    needs: "path type",
    gives: { path: "{path}" },
    own: { object: "agent.environment.file", environment_id: "{environment_id}", size_bytes: 0 },
    hasNext: true,
  },
  {
    path: "/vaults/{vault_id}",
    does: all,
    id: "vault_",
    gives: { name: null, metadata: {} },
    own: { object: "vault", created_at: madeAt },
  },
  {
    path: "/vaults/{vault_id}/credentials/{credential_id}",
    does: "list retrieve update delete",
    id: "cred_",
    gives: { name: "", metadata: {} },
    own: {
      object: "vault.credential",
      vault_id: "{vault_id}",
      created_at: madeAt,
      updated_at: madeAt,
    },
  },
];
