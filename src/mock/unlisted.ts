import { json } from "./answer.ts";
import { fieldsOf, listIn, textIn } from "./fields.ts";
import type { Operations } from "./router.ts";
import { speak } from "./speech.ts";

/** What public clients ask for though no SDK has it: Codex's own, and where traces go. */
export function unlistedOperations(): Operations {
  return {
    "POST /alpha/search": async (asked) => {
      const query = textIn(await fieldsOf(asked), "query");
      return json({ output: speak(query) });
    },
    "POST /memories/trace_summarize": async (asked) => {
      const traces = listIn(await fieldsOf(asked), "traces");
      const memory_summary = "A trace that the mock was given.";
      return json({
        output: traces.map(() => ({ trace_summary: memory_summary, memory_summary })),
      });
    },
    "POST /traces/ingest": () => ({ status: 204, headers: [], body: Buffer.alloc(0) }),
  };
}
