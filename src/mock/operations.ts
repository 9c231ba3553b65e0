import { adminOperations } from "./admin.ts";
import { completeChat } from "./chat.ts";
import { complete } from "./completions.ts";
import { embed } from "./embeddings.ts";
import { createFiles } from "./files.ts";
import { keepingOperations } from "./keeping.ts";
import { listModels, retrieveModel } from "./models.ts";
import { agentResources } from "./resources/agents.ts";
import { assistantResources } from "./resources/assistants.ts";
import { mediaResources } from "./resources/media.ts";
import { organizationResources, organizationSingles } from "./resources/organization.ts";
import { projectResources, projectSingles } from "./resources/projects.ts";
import { storageResources } from "./resources/storage.ts";
import { workResources } from "./resources/work.ts";
import { respond } from "./responses.ts";
import { roleOperations } from "./roles.ts";
import type { Operations } from "./router.ts";
import { createShelves } from "./shelves.ts";
import { singleOperations } from "./single.ts";
import { createStore } from "./store.ts";
import { usageOperations } from "./usage.ts";

/** All operations of the mock, on a memory of their own. */
export function createOperations(): Operations {
  const store = createStore();
  const resources = [
    ...organizationResources,
    ...projectResources,
    ...agentResources,
    ...assistantResources,
    ...mediaResources,
    ...storageResources,
    ...workResources,
  ];
  const shelves = createShelves(resources, store);
  const files = createFiles();
  return Object.assign(
    {},
    ...resources.map((resource) => keepingOperations(resource, shelves)),
    ...organizationSingles.map((single) => singleOperations(single, store)),
    ...projectSingles.map((single) => singleOperations(single, store)),
    adminOperations(shelves),
    roleOperations(shelves, store),
    usageOperations(),
    {
      "POST /chat/completions": completeChat,
      "POST /completions": complete,
      "POST /embeddings": embed,
      "GET /files": files.list,
      "POST /files": files.upload,
      "GET /files/{file_id}": files.retrieve,
      "DELETE /files/{file_id}": files.remove,
      "GET /files/{file_id}/content": files.content,
      "GET /models": listModels,
      "GET /models/{model}": retrieveModel,
      "POST /responses": respond,
    },
  );
}
