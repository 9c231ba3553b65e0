import { setImmediate } from "node:timers/promises";
import { badQuestion, unknownCall } from "../errors.ts";
import type { Reply } from "../exchange.ts";
import type { Call, Side } from "../journal/call.ts";
import { pageHeaders } from "../server/page.ts";
import { answerJson, drained } from "./answer.ts";
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

/** Bytes that are written at a time: between, what is forwarded has its turn. */
const atOnce = 262_144;

export async function answerSlices(asked: Asked): Promise<void> {
  const { reply, journal, query } = asked;
  const call = await findCall(asked);
  const after = toNumber(query, "after") ?? 0;
  const { slices, last } = await journal!.ask("slices", call.seq, toSide(asked), after);
  reply.head(200, "OK", ["Content-Type", "application/json", ...pageHeaders]);
  let text = '{"slices":[';
  for (const [i, { bytes, ...slice }] of slices.entries()) {
    const whole = { ...slice, bytes: Buffer.from(bytes).toString("base64") };
    text += `${i > 0 ? "," : ""}${JSON.stringify(whole satisfies Slices["slices"][number])}`;
    if (text.length < atOnce) continue;
    if (!(await writeOn(reply, text))) return;
    text = "";
  }
  reply.data(Buffer.from(`${text}],"last":${last}}`));
  reply.end();
}

/** Writes as fast as somebody reads; `false`: nobody does any more. */
export async function writeOn(reply: Reply, text: string): Promise<boolean> {
  const mayGoOn = reply.data(Buffer.from(text)) || (await drained(reply));
  await setImmediate();
  return mayGoOn && !reply.over;
}

/** The call that the path names. */
export async function findCall({ journal, id }: Pick<Asked, "journal" | "id">): Promise<Call> {
  const call = await journal?.ask("find", id);
  if (!call) throw unknownCall(id);
  return call;
}

export function toSide({ query }: Asked): Side {
  const side = query.get("side");
  if (side === "asked" || side === "answered") return side;
  throw badQuestion('side is "asked" or "answered".');
}
