import { adminOperations } from "./admin.ts";
import { createChat } from "./chat.ts";
import { chatStoreOperations } from "./chatstore.ts";
import { complete } from "./completions.ts";
import { conversationOperations } from "./conversations.ts";
import { embed } from "./embeddings.ts";
import { createFiles, fileOperations, fileResource } from "./files.ts";
import { keepingOperations } from "./keeping.ts";
import { listModels, retrieveModel } from "./models.ts";
import { agentResources } from "./resources/agents.ts";
import { assistantResources } from "./resources/assistants.ts";
import { mediaResources } from "./resources/media.ts";
import { organizationResources, organizationSingles } from "./resources/organization.ts";
import { projectResources, projectSingles } from "./resources/projects.ts";
import { storageResources } from "./resources/storage.ts";
import { workResources } from "./resources/work.ts";
import { createRespond } from "./responses.ts";
import { createResponses, responseStoreOperations } from "./responsestore.ts";
import { roleOperations } from "./roles.ts";
import type { Operations } from "./router.ts";
import { createShelves } from "./shelves.ts";
import { singleOperations } from "./single.ts";
import { createStore } from "./store.ts";
import { uploadOperations } from "./uploads.ts";
import { usageOperations } from "./usage.ts";
import { vectorStoreOperations } from "./vectorstores.ts";

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
    fileResource,
  ];
  const shelves = createShelves(resources, store);
  const files = createFiles(shelves, store);
  const responses = createResponses(shelves, store);
  return Object.assign(
    {},
    ...resources.map((resource) => keepingOperations(resource, shelves)),
    ...organizationSingles.map((single) => singleOperations(single, store)),
    ...projectSingles.map((single) => singleOperations(single, store)),
    adminOperations(shelves),
    roleOperations(shelves, store),
    usageOperations(),
    chatStoreOperations(store),
    conversationOperations(shelves),
    fileOperations(files, shelves),
    responseStoreOperations(responses),
    uploadOperations(shelves, files, store),
    vectorStoreOperations(shelves, files, store),
    {
      "POST /chat/completions": createChat(store),
      "POST /completions": complete,
      "POST /embeddings": embed,
      "GET /models": listModels,
      "GET /models/{model}": retrieveModel,
      "POST /responses": createRespond(responses),
    },
  );
}
