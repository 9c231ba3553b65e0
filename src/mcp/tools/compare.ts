import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { diffAnswers, diffRequests } from "../../show/diff.ts";
import type { Difference } from "../../story/diff.ts";
import type { Change } from "../../story/text-diff.ts";
import type { Context } from "../context.ts";
import { callId } from "../filter.ts";
import { fitting, shortened, toResult, usualSize } from "../result.ts";
import { capturedOf } from "../text.ts";
import { reading } from "./annotations.ts";

export function addCompare(server: McpServer, { reader, find }: Context): void {
  server.registerTool(
    "diff_calls",
    {
      title: "Compare two calls",
      description:
        "Where two captured calls differ, in headers and bodies: in JSON by the place, in texts by what was taken out and put in. Dates, ids and counters that are never the same are left out; of answers, what the model said is compared.",
      inputSchema: z.object({
        a: callId,
        b: callId,
        part: z.enum(["request", "answer"]).default("request"),
      }),
      annotations: { title: "Compare two calls", ...reading },
    },
    async ({ a, b, part }) => {
      const [before, after] = [find(a), find(b)];
      const was = await capturedOf(reader(), before);
      const is = await capturedOf(reader(), after);
      const found = part === "request" ? diffRequests(was, is) : await diffAnswers(was, is);
      const shown = fitting(found.map(toShown), usualSize);
      const notShown = found.length - shown.length;
      return toResult({
        ...{ a: before.seq, b: after.seq, part, differences: shown },
        ...(notShown > 0 && { notShown }),
      });
    },
  );
}

function toShown({ path, before, after, changes }: Difference): object {
  if (changes) return { path, changes: fitting(changes.map(toShort), 8_000) };
  const short = (value: unknown) =>
    value === undefined ? undefined : shortened(JSON.stringify(value), 2_000);
  return { path, before: short(before), after: short(after) };
}

function toShort({ kind, text }: Change): Change {
  return { kind, text: shortened(text, kind === "same" ? 120 : 2_000) };
}
