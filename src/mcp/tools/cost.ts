import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Call } from "../../journal/call.ts";
import { toDollars } from "../../terminal/figures.ts";
import { sumOf } from "../../top/snapshot.ts";
import type { Context } from "../context.ts";
import { filterShape, toFilter } from "../filter.ts";
import { fitting, toResult, usualSize } from "../result.ts";
import { reading } from "./annotations.ts";

/** Calls that are added up at most. */
const most = 50_000;

const groups = {
  day: ({ startedAt }: Call) => new Date(startedAt).toLocaleDateString("sv"),
  model: ({ model }: Call) => model ?? "",
  tag: ({ tag }: Call) => tag ?? "",
  client: ({ client }: Call) => client ?? "",
  command: ({ relay }: Call) => relay.command,
  path: ({ path }: Call) => path,
};

const groupNames = Object.keys(groups) as [keyof typeof groups];

export function addCost(server: McpServer, { reader }: Context): void {
  server.registerTool(
    "cost_summary",
    {
      title: "Add up costs",
      description:
        "What calls cost in US dollars, and the tokens they used, by day, model, tag, client, command or path. A sum that begins with ~ lacks calls whose cost is not known; ? is not known at all.",
      inputSchema: z.object({ by: z.enum(groupNames).default("day"), ...filterShape }),
      annotations: { title: "Add up costs", ...reading },
    },
    ({ by, ...filter }) => {
      const calls = reader().list(toFilter(filter), { limit: most });
      const rows = [...Map.groupBy(calls, groups[by])].map(([name, some]) => {
        return { [by]: name, ...summed(some) };
      });
      return toResult({
        total: summed(calls),
        rows: fitting(rows, usualSize),
        ...(calls.length === most && { note: `Only the newest ${most} calls are added up.` }),
      });
    },
  );
}

function summed(calls: readonly Call[]): object {
  const usages = calls.flatMap(({ usage }) => usage ?? []);
  const sum = (name: "input" | "cachedInput" | "output") =>
    usages.reduce((total, usage) => total + (usage[name] ?? 0), 0);
  return {
    calls: calls.length,
    usd: toDollars(sumOf(calls.map(({ cost }) => cost))),
    ...{ inputTokens: sum("input"), cachedTokens: sum("cachedInput"), outputTokens: sum("output") },
    costsNotKnown: calls.filter(({ cost }) => cost && cost.state !== "known").length,
  };
}
