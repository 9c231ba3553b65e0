import { madeAt } from "../answer.ts";
import { maybe, type Resource, type Single } from "../resource.ts";

const all = "list create retrieve update delete";

const owner = {
  type: "user",
  object: "organization.user",
  id: "user-mock",
  name: "Mock User",
  created_at: madeAt,
  role: "owner",
};

/** What an alert is told to, and when. */
const alert = {
  currency: "USD",
  interval: "month",
  notification_channel: { type: "email", recipients: [] },
  threshold_amount: 0,
};

const alertNeeds = "currency interval notification_channel threshold_amount";

export const organizationResources: Resource[] = [
  {
    path: "/organization/admin_api_keys/{key_id}",
    does: "list create retrieve delete",
    id: "key_",
    needs: "name",
    gives: {
      object: "organization.admin_api_key",
      name: "",
      redacted_value: "sk-admin-...{end}",
      created_at: madeAt,
      expires_at: null,
      last_used_at: null,
      owner,
    },
    tells: { value: "sk-admin-{secret}" },
    order: "asc",
  },
  {
    path: "/organization/audit_logs/{audit_log_id}",
    does: "list",
    id: "audit_log-",
    gives: {
      type: "login.succeeded",
      effective_at: madeAt,
      actor: { type: "session", session: { user: { id: "user-mock", email: "user@example.com" } } },
    },
    seeds: 3,
  },
  {
    path: "/organization/certificates/{certificate_id}",
    does: all,
    id: "cert_",
    needs: "certificate",
    gives: {
      object: "organization.certificate",
      name: null,
      active: false,
      created_at: madeAt,
      certificate_details: { valid_at: madeAt, expires_at: madeAt + 31_536_000 },
    },
    gone: { id: "{certificate_id}", object: "certificate.deleted" },
  },
  {
    path: "/organization/external_keys/{external_key_id}",
    does: "list create retrieve",
    id: "extkey_",
    needs: "type name",
    gives: {
      object: "organization.external_key",
      type: "aws",
      name: "",
      workspace_id: "ws_mock",
      api_project_ids: [],
      created_at: madeAt,
      external_id: maybe,
      kms_arn: maybe,
      role_arn: maybe,
    },
  },
  {
    path: "/organization/external_storage/{external_storage_id}",
    does: "list create retrieve delete",
    id: "extstore_",
    needs: "project_id provider",
    gives: {
      object: "organization.external_storage",
      project_id: "",
      geography: "us",
      created_at: madeAt,
      status: "pending",
      provider: {
        type: "aws",
        account_id: "000000000000",
        bucket: "",
        external_id: "ext_mock",
        region: "us-east-1",
        role_arn: "",
      },
    },
    acts: { validate: { status: "validated" } },
  },
  {
    path: "/organization/groups/{group_id}",
    does: "list create retrieve delete",
    id: "group_",
    needs: "name",
    gives: { name: "", created_at: madeAt, group_type: "group", is_scim_managed: false },
    gone: "group.deleted",
    hasNext: true,
  },
  {
    path: "/organization/groups/{group_id}/users/{user_id}",
    does: "retrieve delete",
    gives: {
      id: "{user_id}",
      name: "Mock User",
      email: "user@example.com",
      picture: null,
      is_service_account: false,
      user_type: "user",
    },
    gone: { object: "group.user.deleted", deleted: true },
    hasNext: true,
  },
  {
    path: "/organization/invites/{invite_id}",
    does: "list create retrieve delete",
    id: "invite-",
    needs: "email role",
    gives: {
      object: "organization.invite",
      email: "",
      role: "reader",
      status: "pending",
      created_at: madeAt,
      expires_at: madeAt + 604_800,
      accepted_at: null,
      projects: [],
    },
  },
  {
    path: "/organization/projects/{project_id}",
    does: "list create retrieve update",
    id: "proj_",
    needs: "name",
    gives: {
      object: "organization.project",
      name: "Default project",
      created_at: madeAt,
      archived_at: null,
      status: "active",
    },
    acts: { archive: { status: "archived", archived_at: madeAt } },
    seeds: 1,
  },
  {
    path: "/organization/roles/{role_id}",
    does: all,
    id: "role-",
    needs: "role_name permissions",
    gives: {
      object: "role",
      name: "",
      description: null,
      permissions: [],
      predefined_role: false,
      resource_type: "api.organization",
    },
    renames: { role_name: "name" },
    hasNext: true,
  },
  {
    path: "/organization/spend_alerts/{alert_id}",
    does: all,
    id: "alert_",
    needs: alertNeeds,
    changes: alertNeeds,
    gives: { object: "organization.spend_alert", ...alert },
  },
  {
    path: "/organization/users/{user_id}",
    does: "list retrieve update delete",
    id: "user-",
    gives: {
      object: "organization.user",
      name: "Mock User",
      email: "user@example.com",
      role: "owner",
      added_at: madeAt,
    },
    seeds: 2,
  },
];

const limit = {
  currency: "USD",
  interval: "month",
  threshold_amount: 100_000,
  enforcement: { status: "inactive" },
};

export const organizationSingles: Single[] = [
  {
    path: "/organization/data_retention",
    gives: { object: "organization.data_retention", type: "modified_abuse_monitoring" },
    needs: "retention_type",
    renames: { retention_type: "type" },
  },
  {
    path: "/organization/spend_limit",
    gives: { object: "organization.spend_limit", ...limit },
    needs: "currency interval threshold_amount",
    gone: "organization.spend_limit.deleted",
  },
];
