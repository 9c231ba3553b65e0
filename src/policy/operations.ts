/** Operations whose body names no model, so that it need not be read: uploads above all. */
const modelless = [
  /^\/(?:organization|projects|files|uploads|containers|vector_stores|skills|conversations|vaults)(?:\/|$)/,
  /^\/(?:webhook_endpoints|traces|content_provenance_checks|audio\/voices|audio\/voice_consents)(?:\/|$)/,
  /^\/(?:chat\/completions|fine_tuning\/checkpoints|threads\/[^/]+\/(?:messages|runs))\/[^/]+(?:\/|$)/,
  /^\/threads(?:\/(?!runs$)[^/]+(?:\/messages)?)?$/,
  /^\/(?:[^/]+\/){2,}(?:cancel|pause|resume|hangup|refer|reject)$/,
];

/**
 * Whether a request names no model whatever it says. `path` as sent: only what every server reads alike
 * is spared.
 */
export function namesNoModel(method: string, path: string): boolean {
  if (/^(?:GET|HEAD|OPTIONS|DELETE)$/.test(method)) return true;
  if (!/^(?:\/[\w.-]+)+$/.test(path)) return false;
  const short = path.replace(/^\/v1(?=\/)/, "");
  return modelless.some((one) => one.test(short));
}

/** What runs models that are named elsewhere: in a file of many requests. `path` is comparable. */
export function runsOthers(path: string): boolean {
  return path === "/batches";
}

/** WebSockets whose handshake names the model for good. `path` is comparable. */
export function namesModelFirst(path: string): boolean {
  return path === "/realtime" || path === "/realtime/translations";
}
