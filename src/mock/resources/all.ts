import type { Resource, Single } from "../resource.ts";
import { agentResources } from "./agents.ts";
import { assistantResources } from "./assistants.ts";
import { identityResources } from "./identity.ts";
import { mediaResources } from "./media.ts";
import { organizationResources, organizationSingles } from "./organization.ts";
import { projectResources, projectSingles } from "./projects.ts";
import { sessionResources } from "./sessions.ts";
import { storageResources } from "./storage.ts";
import { workResources } from "./work.ts";

/** Every kind of thing that the mock keeps. */
export const resources: Resource[] = [
  ...organizationResources,
  ...identityResources,
  ...projectResources,
  ...agentResources,
  ...sessionResources,
  ...assistantResources,
  ...mediaResources,
  ...storageResources,
  ...workResources,
];

export const singles: Single[] = [...organizationSingles, ...projectSingles];
