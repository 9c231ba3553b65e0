import { madeAt } from "../answer.ts";
import type { Resource, Single } from "../resource.ts";

const project = "/organization/projects/{project_id}";

const all = "list create retrieve update delete";

const alertNeeds = "currency interval notification_channel threshold_amount";

export const projectResources: Resource[] = [
  {
    path: `${project}/api_keys/{api_key_id}`,
    does: "list retrieve update delete",
    id: "key_",
    gives: {
      object: "organization.project.api_key",
      name: "Mock key",
      redacted_value: "sk-...{end}",
      created_at: madeAt,
      last_used_at: null,
      owner: {
        type: "user",
        user: {
          id: "user-mock",
          name: "Mock User",
          email: "user@example.com",
          role: "owner",
          created_at: madeAt,
        },
      },
      owner_project_access: "active",
    },
    seeds: 2,
  },
  {
    path: `${project}/certificates/{certificate_id}`,
    does: "list",
    id: "cert_",
    gives: {
      object: "organization.project.certificate",
      name: null,
      active: false,
      created_at: madeAt,
      certificate_details: { valid_at: madeAt, expires_at: madeAt + 31_536_000 },
    },
  },
  {
    path: `${project}/groups/{group_id}`,
    does: "list create retrieve delete",
    needs: "group_id role",
    gives: {
      object: "project.group",
      project_id: "{project_id}",
      group_id: "{group_id}",
      group_name: "Mock Group",
      group_type: "group",
      created_at: madeAt,
    },
    gone: { object: "project.group.deleted", deleted: true },
    hasNext: true,
  },
  {
    path: `${project}/rate_limits/{rate_limit_id}`,
    does: "list update",
    id: "rl-",
    gives: {
      object: "project.rate_limit",
      model: "gpt-5",
      max_requests_per_1_minute: 10_000,
      max_tokens_per_1_minute: 2_000_000,
    },
    seeds: 1,
  },
  {
    path: `${project}/service_accounts/{service_account_id}`,
    does: "list retrieve update delete",
    id: "svc_acct_",
    gives: {
      object: "organization.project.service_account",
      name: "",
      role: "member",
      created_at: madeAt,
    },
  },
  {
    path: `${project}/spend_alerts/{alert_id}`,
    does: all,
    id: "alert_",
    needs: alertNeeds,
    changes: alertNeeds,
    gives: {
      object: "project.spend_alert",
      currency: "USD",
      interval: "month",
      notification_channel: { type: "email", recipients: [] },
      threshold_amount: 0,
    },
  },
  {
    path: `${project}/users/{user_id}`,
    does: all,
    id: "user-",
    needs: "role",
    gives: {
      object: "organization.project.user",
      name: "Mock User",
      email: "user@example.com",
      role: "member",
      added_at: madeAt,
    },
  },
  {
    path: "/projects/{project_id}/roles/{role_id}",
    does: all,
    id: "role-",
    needs: "role_name permissions",
    gives: {
      object: "role",
      name: "",
      description: null,
      permissions: [],
      predefined_role: false,
      resource_type: "api.project",
    },
    renames: { role_name: "name" },
    hasNext: true,
  },
];

const isOn = { enabled: true };

export const projectSingles: Single[] = [
  {
    path: `${project}/data_retention`,
    gives: { object: "project.data_retention", type: "organization_default" },
    needs: "retention_type",
    renames: { retention_type: "type" },
  },
  {
    path: `${project}/hosted_tool_permissions`,
    gives: {
      code_interpreter: isOn,
      file_search: isOn,
      image_generation: isOn,
      mcp: isOn,
      web_search: isOn,
    },
  },
  {
    path: `${project}/model_permissions`,
    gives: { object: "project.model_permissions", mode: "deny_list", model_ids: [] },
    needs: "mode model_ids",
    gone: "project.model_permissions.deleted",
  },
  {
    path: `${project}/service_tier_settings`,
    gives: { object: "project.service_tier_settings", default: "standard", enabled_tiers: "all" },
  },
  {
    path: `${project}/spend_limit`,
    gives: {
      object: "project.spend_limit",
      currency: "USD",
      interval: "month",
      threshold_amount: 100_000,
      enforcement: { status: "inactive" },
    },
    needs: "currency interval threshold_amount",
    gone: "project.spend_limit.deleted",
  },
];
