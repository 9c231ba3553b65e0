import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { toJson } from "../../cost/print.ts";
import { type Grouping, groupings, readCosts } from "../../journal/costs.ts";
import type { Context } from "../context.ts";
import { filterShape, toFilter } from "../filter.ts";
import { fitting, toResult, usualSize } from "../result.ts";
import { reading } from "./annotations.ts";

const ways = Object.keys(groupings) as [Grouping];

export function addCost(server: McpServer, { file, reader }: Context): void {
  server.registerTool(
    "cost_summary",
    {
      title: "Add up costs",
      description:
        "What calls cost in US dollars, and the tokens they used. usd adds up the calls whose cost is known; those that are known in part or not at all are counted beside it, and never as nothing. Days are those of UTC.",
      inputSchema: z.object({ by: z.enum(ways).default("day"), ...filterShape }),
      annotations: { title: "Add up costs", ...reading },
    },
    ({ by, ...filter }) => {
      // Says so where there is no journal.
      reader();
      const { total, groups } = readCosts(file, by, toFilter(filter));
      const rows = groups.map(([name, costs]) => ({ [by]: name, ...toJson(costs) }));
      const shown = fitting(rows, usualSize);
      const notShown = rows.length - shown.length;
      return toResult({ total: toJson(total), rows: shown, ...(notShown > 0 && { notShown }) });
    },
  );
}
