import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { askingsBefore, whyNot } from "../../show/chain.ts";
import { toChain } from "../../story/chain.ts";
import type { Context } from "../context.ts";
import { callId } from "../filter.ts";
import { toResult } from "../result.ts";
import { reading } from "./annotations.ts";

export function addCache(server: McpServer, { reader, find }: Context): void {
  server.registerTool(
    "explain_cache_miss",
    {
      title: "Explain a prompt cache miss",
      description:
        "Why OpenAI's prompt cache did (not) serve a captured call: the earlier call whose prompt begins as this one does, how much of the prompt is the same from its beginning, the first place where they part, the cached tokens that the answer reports, and what is likely to be why.",
      inputSchema: z.object({
        id: callId,
        among: z.number().int().min(1).max(500).default(200).describe("how many calls before it"),
      }),
      annotations: { title: "Explain a prompt cache miss", ...reading },
    },
    async ({ id, among }) => {
      const call = find(id);
      const links = toChain(await askingsBefore(reader(), call, among));
      const link = links.find((one) => one.id === call.id);
      if (!link) throw new Error(whyNot(reader(), call));
      const { id: _, shared, size, before, ...rest } = link;
      return toResult({
        ...{ id: call.seq, before: before && find(before).seq },
        sharedPercent: size > 0 ? Math.floor((100 * shared) / size) : 0,
        ...{ sharedBytes: shared, promptBytes: size, ...rest },
      });
    },
  );
}
