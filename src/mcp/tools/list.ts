import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { toBrief } from "../brief.ts";
import type { Context } from "../context.ts";
import { filterShape, toFilter } from "../filter.ts";
import { fitting, toResult, usualSize } from "../result.ts";
import { reading } from "./annotations.ts";

export function addList(server: McpServer, { reader }: Context): void {
  server.registerTool(
    "list_calls",
    {
      title: "List calls",
      description:
        "Calls to the OpenAI API that went through the relay, the newest first: when, what, how they ended, time to the first slice, tokens and cost. Tokens and costs that are not known are said to be so.",
      inputSchema: z.object({
        ...filterShape,
        text: z.string().max(256).optional().describe("in path, model, tag or error"),
        limit: z.number().int().min(1).max(200).default(20),
        before: z.number().int().optional().describe("older than this id: the last one of a list"),
      }),
      annotations: { title: "List calls", ...reading },
    },
    ({ limit, before, text, ...filter }) => {
      const wanted = { ...toFilter(filter), ...(text && { text }) };
      const page = { limit: limit + 1, ...(before !== undefined && { before }) };
      const found = reader().list(wanted, page);
      const calls = fitting(found.slice(0, limit).map(toBrief), usualSize);
      const hasMore = found.length > calls.length;
      return toResult({ calls, ...(hasMore && { before: calls.at(-1)?.id }) });
    },
  );
}
