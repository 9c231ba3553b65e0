import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Call } from "../../journal/call.ts";
import type { Reader } from "../../journal/reader.ts";
import { type Asking, toChain } from "../../story/chain.ts";
import { fieldsOf, parseJson } from "../../story/json.ts";
import type { Context } from "../context.ts";
import { callId } from "../filter.ts";
import { toResult } from "../result.ts";
import { askedText } from "../text.ts";
import { reading } from "./annotations.ts";

/** Bytes of earlier requests that are compared. */
const most = 64 * 1024 ** 2;

export function addCache(server: McpServer, { reader, find }: Context): void {
  server.registerTool(
    "explain_cache_miss",
    {
      title: "Explain a prompt cache miss",
      description:
        "Why OpenAI's prompt cache did (not) serve a captured call: the earlier call whose prompt begins as this one does, how much of the prompt is the same from its beginning, the first place where they part, the cached tokens that the answer reports, and what is likely to be why.",
      inputSchema: z.object({
        id: callId,
        among: z.number().int().min(1).max(500).default(100).describe("how many calls before it"),
      }),
      annotations: { title: "Explain a prompt cache miss", ...reading },
    },
    ({ id, among }) => {
      const journal = reader();
      const call = find(id);
      const asking = toAsking(journal, call);
      if (!asking) throw new Error(`The request of call ${call.seq} is no JSON object.`);
      const links = toChain([...earlier(journal, call, among), asking]);
      const link = links.find((one) => one.id === call.id)!;
      const { shared, size, before, ...rest } = link;
      return toResult({
        ...{ id: call.seq, before: before && find(before).seq },
        sharedPercent: size > 0 ? Math.floor((100 * shared) / size) : 0,
        ...{ sharedBytes: shared, promptBytes: size, ...rest },
      });
    },
  );
}

function earlier(reader: Reader, { seq, path }: Call, among: number): Asking[] {
  const askings: Asking[] = [];
  let bytes = 0;
  for (const call of reader.list({ path }, { before: seq, limit: among })) {
    bytes += call.bytesIn;
    if (bytes > most) break;
    const asking = call.isCaptured ? toAsking(reader, call) : undefined;
    if (asking) askings.push(asking);
  }
  return askings;
}

function toAsking(reader: Reader, call: Call): Asking | undefined {
  const body = fieldsOf(parseJson(askedText(reader, call)));
  return body && { call, body };
}
