import { adminOperations } from "./admin.ts";
import { agentOperations } from "./agents.ts";
import { json } from "./answer.ts";
import { audioOperations } from "./audio.ts";
import { type AskMock, batchOperations } from "./batches.ts";
import { callOperations, secretOperations } from "./calls.ts";
import { createChat } from "./chat.ts";
import { chatStoreOperations } from "./chatstore.ts";
import { complete } from "./completions.ts";
import { containerOperations } from "./containers.ts";
import { conversationOperations } from "./conversations.ts";
import { decide } from "./decisions.ts";
import { embed } from "./embeddings.ts";
import { evalOperations } from "./evals.ts";
import { createFiles, fileOperations, fileResource } from "./files.ts";
import { fineTuningOperations } from "./finetuning.ts";
import { imageOperations } from "./images.ts";
import { keepingOperations } from "./keeping.ts";
import { modelOperations } from "./models.ts";
import { moderate } from "./moderations.ts";
import { invalidParameter, Refusal } from "./refusal.ts";
import { resources, singles } from "./resources/all.ts";
import { createRespond } from "./responses.ts";
import { createResponses, responseStoreOperations } from "./responsestore.ts";
import { roleOperations } from "./roles.ts";
import type { Operations } from "./router.ts";
import { runOperations } from "./runs.ts";
import { safetyOperations } from "./safety.ts";
import { createShelves } from "./shelves.ts";
import { singleOperations } from "./single.ts";
import { skillOperations } from "./skills.ts";
import { socketOperations } from "./sockets.ts";
import { createStore } from "./store.ts";
import { threadOperations } from "./threads.ts";
import { unlistedOperations } from "./unlisted.ts";
import { uploadOperations } from "./uploads.ts";
import { usageOperations } from "./usage.ts";
import { vaultOperations } from "./vaults.ts";
import { vectorStoreOperations } from "./vectorstores.ts";
import { videoOperations } from "./videos.ts";
import { webhookOperations } from "./webhooks.ts";

/** All operations of the mock, on a memory of their own. */
export function createOperations(): Operations {
  const store = createStore();
  const shelves = createShelves([...resources, fileResource], store);
  const files = createFiles(shelves, store);
  const responses = createResponses(shelves, store);

  const models: Operations = {
    "POST /chat/completions": createChat(store),
    "POST /completions": complete,
    "POST /decisions": decide,
    "POST /embeddings": embed,
    "POST /moderations": moderate,
    "POST /responses": createRespond(responses),
  };

  // What asks a model, or does more than keep, comes after what only keeps.
  return Object.assign(
    {},
    ...resources.map((resource) => keepingOperations(resource, shelves)),
    ...singles.map((single) => singleOperations(single, shelves, store)),
    models,
    imageOperations(),
    audioOperations(),
    chatStoreOperations(store),
    responseStoreOperations(responses),
    conversationOperations(shelves),
    threadOperations(shelves),
    runOperations(shelves),
    modelOperations(store),
    fileOperations(files, shelves),
    uploadOperations(shelves, files, store),
    vectorStoreOperations(shelves, files, store),
    batchOperations(shelves, files, askerOf(models)),
    fineTuningOperations(shelves, files, store),
    evalOperations(shelves),
    containerOperations(shelves, files, store),
    skillOperations(shelves, store),
    videoOperations(shelves),
    agentOperations(shelves),
    vaultOperations(shelves),
    callOperations(store),
    secretOperations(),
    safetyOperations(),
    webhookOperations(shelves),
    adminOperations(shelves),
    roleOperations(shelves, store),
    usageOperations(),
    unlistedOperations(),
    socketOperations(),
  );
}

/** Asks models as a client would: the lines of a batch do. */
function askerOf(operations: Operations): AskMock {
  return async function ask(path, body, digest) {
    const operation = operations[`POST ${path.replace(/^\/v1/, "")}`];
    const asked = { method: "POST", params: {}, query: new URLSearchParams(), headers: [] };
    try {
      if (!operation) throw invalidParameter("endpoint", `there are no batches for ${path}`);
      return await operation({ ...asked, body, digest });
    } catch (error) {
      if (error instanceof Refusal) return json(error, error.status);
      throw error;
    }
  };
}
