import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Call } from "../../journal/call.ts";
import type { Reader } from "../../journal/reader.ts";
import { readCaptured } from "../../show/captured.ts";
import { toBrief } from "../brief.ts";
import type { Context } from "../context.ts";
import { filterShape, toFilter } from "../filter.ts";
import { fitting, toResult, usualSize } from "../result.ts";
import { answeredText, askedText } from "../text.ts";
import { reading } from "./annotations.ts";

/** What one search may look through. */
const most = { calls: 1_000, bytes: 64 * 1024 ** 2, ms: 3_000 };

/** Characters that are shown on both sides of what was found. */
const around = 120;

export function addSearch(server: McpServer, { reader }: Context): void {
  server.registerTool(
    "search_calls",
    {
      title: "Search calls",
      description:
        "Finds a text, in any case, in the facts of calls (path, model, id, tag, error) and in captured requests and answers, the newest call first. Of a stream, what the model said is searched. It stops at a bound; before says where to go on.",
      inputSchema: z.object({
        text: z.string().min(2).max(256),
        ...filterShape,
        limit: z.number().int().min(1).max(50).default(10),
        before: z.number().int().optional().describe("go on before this id"),
      }),
      annotations: { title: "Search calls", ...reading },
    },
    async ({ text, limit, before, ...filter }) => {
      const journal = reader();
      const found: object[] = [];
      const until = Date.now() + most.ms;
      let bytes = 0;
      let last: number | undefined;
      const page = { limit: most.calls, ...(before !== undefined && { before }) };
      const calls = journal.list(toFilter(filter), page);
      for (const call of calls) {
        if (found.length === limit || bytes > most.bytes || Date.now() > until) break;
        const places = await placesIn(journal, call, text);
        if (places.length > 0) found.push({ ...toBrief(call), found: places });
        if (call.isCaptured) bytes += call.bytesIn + call.bytesOut;
        last = call.seq;
      }
      const shown = fitting(found, usualSize);
      const isAll = last === calls.at(-1)?.seq && calls.length < most.calls;
      const next = shown.length < found.length ? (shown.at(-1) as { id: number }).id : last;
      const hasMore = shown.length < found.length || !isAll;
      return toResult({ calls: shown, ...(hasMore && { before: next }) });
    },
  );
}

/** Where in a call the text stands, with what is around it. */
async function placesIn(reader: Reader, call: Call, text: string): Promise<object[]> {
  const { path, model, id, tag, error, errorMessage } = call;
  const facts = [path, model, id, tag, error, errorMessage].filter(Boolean).join(" ");
  const texts: [where: string, text: string][] = [["facts", facts]];
  const captured = await readCaptured(reader, call);
  if (captured)
    texts.push(["request", askedText(captured)], ["answer", await answeredText(captured)]);
  return texts.flatMap(([where, content]) => {
    const at = content.toLowerCase().indexOf(text.toLowerCase());
    if (at < 0) return [];
    const excerpt = content.slice(Math.max(0, at - around), at + text.length + around);
    return [{ where, offset: at, excerpt }];
  });
}
