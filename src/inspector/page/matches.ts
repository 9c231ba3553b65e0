import type { Call, Filter } from "../../journal/call.ts";

/** Whether a call that came as news belongs into the list: what the journal's own filter would say. */
export function matches(call: Call, { text, model, status, tag, isRunning }: Filter): boolean {
  if (isRunning !== undefined && (call.ending === undefined) !== isRunning) return false;
  if (model !== undefined && call.model !== model) return false;
  if (tag !== undefined && call.tag !== tag) return false;
  if (status !== undefined && !hasStatus(call, status)) return false;
  return text === undefined || mentions(call, text.toLowerCase());
}

function hasStatus({ status, ending }: Call, wanted: string): boolean {
  if (wanted.endsWith("xx")) return Math.floor(status / 100) === Number(wanted[0]);
  if (wanted !== "error") return status === Number(wanted);
  return status >= 400 || ["upstream_broke", "refused", "lost"].includes(ending ?? "");
}

function mentions(call: Call, text: string): boolean {
  const { path, model, id, tag, client, error, errorMessage, relay } = call;
  return [path, model, id, tag, client, error, errorMessage, relay.command].some((field) =>
    field?.toLowerCase().includes(text),
  );
}
