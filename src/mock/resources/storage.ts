import { madeAt } from "../answer.ts";
import { maybe, type Resource } from "../resource.ts";

export const conversation = "/conversations/{conversation_id}";
export const vectorStore = "/vector_stores/{vector_store_id}";
export const vectorStoreFile = `${vectorStore}/files/{file_id}`;
export const fileBatch = `${vectorStore}/file_batches/{batch_id}`;
export const container = "/containers/{container_id}";
export const skill = "/skills/{skill_id}";

export const noFiles = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };

export const storageResources: Resource[] = [
  {
    path: conversation,
    does: "retrieve update delete",
    id: "conv_",
    changes: "metadata",
    gives: { metadata: {} },
    own: { object: "conversation", created_at: madeAt },
  },
  { path: `${conversation}/items/{item_id}`, does: "list retrieve", id: "msg_", gives: {} },
  {
    path: "/uploads/{upload_id}",
    does: "create",
    id: "upload_",
    needs: "bytes filename mime_type purpose",
    gives: { filename: "", bytes: 0, purpose: "" },
    own: {
      object: "upload",
      created_at: madeAt,
      expires_at: madeAt + 3600,
      status: "pending",
    },
  },
  {
    path: vectorStore,
    does: "list retrieve update delete",
    id: "vs_",
    gives: { name: "", metadata: {}, expires_after: maybe },
    own: {
      object: "vector_store",
      created_at: madeAt,
      last_active_at: madeAt,
      status: "completed",
      usage_bytes: 0,
      file_counts: noFiles,
    },
  },
  {
    path: vectorStoreFile,
    does: "list retrieve update",
    needs: "file_id",
    changes: "attributes",
    gives: { attributes: {} },
    own: {
      id: "{file_id}",
      object: "vector_store.file",
      vector_store_id: "{vector_store_id}",
      created_at: madeAt,
      status: "completed",
      last_error: null,
      usage_bytes: 0,
      chunking_strategy: {
        type: "static",
        static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 },
      },
    },
  },
  {
    path: fileBatch,
    does: "",
    id: "vsfb_",
    gives: {},
    own: {
      object: "vector_store.files_batch",
      vector_store_id: "{vector_store_id}",
      created_at: madeAt,
      status: "in_progress",
      file_counts: noFiles,
    },
  },
  {
    path: container,
    does: "list create retrieve delete",
    id: "cntr_",
    needs: "name",
    gives: {
      name: "",
      memory_limit: "1g",
      expires_after: { anchor: "last_active_at", minutes: 20 },
    },
    own: {
      object: "container",
      created_at: madeAt,
      last_active_at: madeAt,
      status: "running",
    },
  },
  {
    path: `${container}/files/{file_id}`,
    does: "list retrieve delete",
    id: "cfile_",
    gives: {},
    own: {
      object: "container.file",
      container_id: "{container_id}",
      created_at: madeAt,
      bytes: 0,
      path: "",
      source: "user",
    },
  },
  {
    path: skill,
    does: "list retrieve update delete",
    id: "skill_",
    changes: "default_version",
    gives: { default_version: "1" },
    own: {
      object: "skill",
      created_at: madeAt,
      name: "mock-skill",
      description: "A skill that the mock was given.",
      latest_version: "1",
    },
  },
  {
    path: `${skill}/versions/{version}`,
    does: "list retrieve",
    id: "skillver_",
    gives: {},
    own: {
      object: "skill.version",
      skill_id: "{skill_id}",
      created_at: madeAt,
      name: "mock-skill",
      description: "A skill that the mock was given.",
    },
  },
];
