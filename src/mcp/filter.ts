import * as z from "zod";
import type { Filter } from "../journal/call.ts";
import { toMoment } from "../journal/moment.ts";

/** How a call is named. */
export const callId = z
  .union([z.string().max(64), z.number().int()])
  .describe('the id that list_calls gives, or "last"');

const moment = z.string().max(40);

/** What is looked for; all that is given must hold. */
export const filterShape = {
  model: z.string().max(128).optional().describe("* stands for anything: gpt-5*"),
  path: z.string().max(256).optional().describe("* stands for anything: /v1/chat/*"),
  status: z
    .string()
    .regex(/^(?:[1-5]xx|\d{3}|error)$/)
    .optional()
    .describe("such as 429 or 5xx; error: 4xx, 5xx or an answer that broke off"),
  client: z.string().max(128).optional().describe("name of the client token"),
  tag: z.string().max(128).optional().describe("what the client said in x-relay-tag"),
  command: z.string().max(128).optional().describe("part of the command that ran the relay"),
  since: moment.optional().describe("such as 15m, 2h, 7d (ago), or an ISO 8601 time"),
  until: moment.optional().describe("the same"),
  running: z.boolean().optional().describe("only calls that still run, or only those that ended"),
};

type Given = { [K in keyof typeof filterShape]?: z.infer<(typeof filterShape)[K]> | undefined };

export function toFilter({ since, until, running, ...texts }: Given): Filter {
  const given = Object.entries(texts).filter(([, text]) => text !== undefined && text !== "");
  return {
    ...(Object.fromEntries(given) as Filter),
    ...(since && { since: toMoment(since) }),
    ...(until && { until: toMoment(until) }),
    ...(running !== undefined && { isRunning: running }),
  };
}
