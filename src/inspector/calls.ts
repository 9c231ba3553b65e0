import { badQuestion, unknownCall } from "../errors.ts";
import type { Call, Side } from "../journal/call.ts";
import { answerJson } from "./answer.ts";
import type { CallDetail, Calls, Slices } from "./api.ts";
import { toFilter, toNumber } from "./query.ts";
import type { Asked } from "./routes.ts";

const usual = 100;
const most = 500;

export async function answerCalls({ reply, query, journal }: Asked): Promise<void> {
  const before = toNumber(query, "before");
  const limit = Math.min(toNumber(query, "limit") ?? usual, most);
  const page = { limit, ...(before !== undefined && { before }) };
  const calls = (await journal?.ask("list", toFilter(query), page)) ?? [];
  answerJson(reply, { calls } satisfies Calls);
}

export async function answerDetail(asked: Asked): Promise<void> {
  const call = await findCall(asked);
  const heads = await asked.journal!.ask("heads", call.seq);
  answerJson(asked.reply, { call, ...(heads && { heads }) } satisfies CallDetail);
}

export async function answerSlices(asked: Asked): Promise<void> {
  const call = await findCall(asked);
  const after = toNumber(asked.query, "after") ?? 0;
  const { slices, last } = await asked.journal!.ask("slices", call.seq, toSide(asked), after);
  const list = slices.map(({ bytes, ...slice }) => {
    return { ...slice, bytes: Buffer.from(bytes).toString("base64") };
  });
  answerJson(asked.reply, { slices: list, last } satisfies Slices);
}

/** The call that the path names. */
export async function findCall({ journal, id }: Asked): Promise<Call> {
  const call = await journal?.ask("find", id);
  if (!call) throw unknownCall(id);
  return call;
}

export function toSide({ query }: Asked): Side {
  const side = query.get("side");
  if (side === "asked" || side === "answered") return side;
  throw badQuestion('side is "asked" or "answered".');
}
