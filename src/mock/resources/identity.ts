import { madeAt } from "../answer.ts";
import type { Resource } from "../resource.ts";

const all = "list create retrieve update delete";

const provider = "/organization/workload_identity_providers/{workload_identity_provider_id}";

export const identityResources: Resource[] = [
  {
    path: provider,
    does: all,
    id: "wip_",
    needs: "audience issuer name type",
    gives: {
      object: "organization.workload_identity_provider",
      type: "oidc",
      name: "",
      description: null,
      audience: "",
      issuer: "",
      enabled: true,
      attribute_transformations: [],
      verification: { type: "discovery", discovery_url: null },
      created_at: madeAt,
      updated_at: madeAt,
    },
  },
  {
    path: `${provider}/federation_rules/{workload_identity_federation_rule_id}`,
    does: all,
    id: "wifr_",
    needs: "attribute_matchers project_id service_account_id",
    gives: {
      object: "organization.workload_identity_federation_rule",
      workload_identity_provider_id: "{workload_identity_provider_id}",
      name: null,
      description: null,
      enabled: true,
      attribute_matchers: {},
      permissions: { type: "service_account_default" },
      project_id: "",
      service_account_id: "",
      created_at: madeAt,
      updated_at: madeAt,
    },
  },
];
