import { setTimeout as sleep } from "node:timers/promises";
import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { without } from "../../header-list.ts";
import type { Call } from "../../journal/call.ts";
import type { Reader } from "../../journal/reader.ts";
import { collectAnswer } from "../../replay/collect.ts";
import { withEdits } from "../../replay/edit.ts";
import { readRequest } from "../../replay/recorded.ts";
import { findWay } from "../../replay/way.ts";
import { textIn } from "../../story/text.ts";
import type { Context } from "../context.ts";
import { callId } from "../filter.ts";
import { largestSize, pageOf, toResult, usualSize } from "../result.ts";
import { sending } from "./annotations.ts";

/** Milliseconds that an answer may take; and those until its call is in the journal. */
const patienceMs = 10 * 60_000;
const settlingMs = 2_000;

/** Bytes of an answer that are kept to be read here; the journal may have all of it. */
const most = 4 * 1024 ** 2;

export function addSend(server: McpServer, { reader, find, config }: Context): void {
  server.registerTool(
    "resend_call",
    {
      title: "Send a call again",
      description:
        "Sends a captured request once more through the running relay, with the relay's key, and waits for the answer. This costs what the call costs, and does again what it did (a POST creates, a DELETE deletes). Ask the user first. set changes values in the JSON of the request.",
      inputSchema: z.object({
        id: callId,
        set: z
          .record(z.string().max(256), z.unknown())
          .optional()
          .describe('values by their place: {"model": "gpt-5-mini", "input.0.content": "Hi"}'),
        size: z.number().int().min(100).max(largestSize).default(usualSize),
      }),
      annotations: { title: "Send a call again", ...sending },
    },
    async ({ id, set = {}, size }, { mcpReq }) => {
      const call = find(id);
      const edits = Object.entries(set).map(([path, value]) => ({ path: path.split("."), value }));
      const recorded = await withEdits(readRequest(reader(), call), edits);
      // So that the answer can be read here.
      const headers = without(recorded.headers, /^accept-encoding$/i);
      const way = await findWay(call, undefined, config);
      const signal = AbortSignal.any([mcpReq.signal, AbortSignal.timeout(patienceMs)]);
      const version = reader().version();
      const answer = await collectAnswer(way, { ...recorded, headers }, most, signal);
      const text = textIn(answer.body) ?? answer.body.toString("base64");
      return toResult({
        ...{ again: call.seq, id: await findAgain(reader(), call, version) },
        ...{ status: answer.status, isCut: answer.isCut, ...pageOf(text, 0, size) },
      });
    },
  );
}

/** The place of the new call in the journal, which is written soon after its end. */
async function findAgain({ changes }: Reader, call: Call, version: number) {
  for (const until = Date.now() + settlingMs; Date.now() < until; await sleep(50)) {
    const found = changes(version, 1_000).calls.findLast((one) => one.again === call.id);
    if (found?.ending) return found.seq;
  }
  return undefined;
}
