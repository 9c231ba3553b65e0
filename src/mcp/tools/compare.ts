import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { type Difference, diffBodies, diffHeaders } from "../../story/diff.ts";
import type { Change } from "../../story/text-diff.ts";
import { headsOf } from "../bodies.ts";
import type { Context } from "../context.ts";
import { callId } from "../filter.ts";
import { fitting, shortened, toResult, usualSize } from "../result.ts";
import { answeredText, askedText } from "../text.ts";
import { reading } from "./annotations.ts";

export function addCompare(server: McpServer, { reader, find }: Context): void {
  server.registerTool(
    "diff_calls",
    {
      title: "Compare two calls",
      description:
        "Where two captured calls differ: in JSON by the place, in texts by what was taken out and put in. Dates and counters in headers are left out; of streams, what the model said is compared.",
      inputSchema: z.object({
        a: callId,
        b: callId,
        part: z.enum(["request", "answer", "headers"]).default("request"),
      }),
      annotations: { title: "Compare two calls", ...reading },
    },
    ({ a, b, part }) => {
      const calls = [find(a), find(b)] as const;
      const journal = reader();
      const heads = calls.map((call) => headsOf(journal, call));
      const texts = { request: askedText, answer: answeredText };
      const differences =
        part === "headers"
          ? diffHeaders(heads[0]!.asked, heads[1]!.asked)
          : diffBodies(texts[part](journal, calls[0]), texts[part](journal, calls[1]));
      const shown = fitting(differences.map(toShown), usualSize);
      return toResult({
        ...{ a: calls[0].seq, b: calls[1].seq, part, differences: shown },
        ...(shown.length < differences.length && { notShown: differences.length - shown.length }),
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
