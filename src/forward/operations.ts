/** Paths whose operations OpenAI answers only with an admin key; 146 operations. */
const admin =
  /^\/v1\/(?:organization|projects)(?:\/|$)|^\/v1\/fine_tuning\/checkpoints\/[^/]+\/permissions(?:\/|$)/;

/** Paths whose GET answers with the bytes of a file. */
const binary = /^\/v1\/.*\/content$/;

/** Whether an operation wants the admin key. `path` starts with `/v1`. */
export function isAdminOperation(path: string): boolean {
  return admin.test(path);
}

/** Whether a path is that of a file's content. `path` starts with `/v1`. */
export function isBinaryContent(path: string): boolean {
  return binary.test(path);
}
