/** How an operation tells what it used: itself, later or elsewhere, or there is nothing to tell. */
export type Telling = "told" | "untold" | "free";

/** Ends of paths, with POST. */
const told =
  /\/(?:chat\/completions|completions|responses|responses\/compact|embeddings|decisions|images\/(?:generations|edits|variations)|audio\/(?:transcriptions|translations|speech)|threads\/runs|threads\/[^/]+\/runs(?:\/[^/]+\/submit_tool_outputs)?|agents\/sessions|memories\/trace_summarize|alpha\/search)$/;

/** Answered at once, and worked on afterwards. */
const untold =
  /\/(?:batches|evals\/[^/]+\/runs|fine_tuning\/(?:jobs|alpha\/graders\/run)|agents\/sessions\/[^/]+\/events|agents\/automations\/[^/]+\/invocations|videos(?:\/edits|\/extensions|\/[^/]+\/remix)?|realtime\/calls|live\/sessions(?:\/[^/]+\/fork)?)$/;

const free = /\/moderations$/;

/** `undefined`: the operation counts no tokens. `path`: without its query. */
export function tellingOf(method: string, path: string): Telling | undefined {
  if (method !== "POST") return undefined;
  if (told.test(path)) return "told";
  if (untold.test(path)) return "untold";
  return free.test(path) ? "free" : undefined;
}

/** Whether an answer may say what it used; `path`: without its query. */
export function mayReportUsage(method: string, path: string): boolean {
  return method === "POST" && told.test(path);
}
