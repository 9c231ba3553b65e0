import { badQuestion } from "../errors.ts";
import type { Side, Slice } from "../journal/call.ts";
import { decodedSlices } from "../journal/decoded.ts";
import type { Journal } from "../journal/journal.ts";
import { drained } from "./answer.ts";
import { findCall, toSide } from "./calls.ts";
import { download } from "./download.ts";
import type { Asked } from "./routes.ts";

/** A whole body, its Content-Encoding undone; where that cannot be, as far as it goes. */
export async function answerBody(asked: Asked): Promise<void> {
  const { reply } = asked;
  const side = toSide(asked);
  const call = await findCall(asked);
  const journal = asked.journal!;
  const heads = await journal.ask("heads", call.seq);
  if (!heads) throw badQuestion("Of this call no bodies were kept (--capture).");

  const { slices } = await decodedSlices(heads[side], await allSlices(journal, call.seq, side));
  download(reply, `${call.id}-${side}`, "application/octet-stream");
  for (const { bytes } of slices)
    if (reply.over || (!reply.data(Buffer.from(bytes)) && !(await drained(reply)))) return;
  reply.end();
}

async function allSlices(journal: Journal, seq: number, side: Side): Promise<Slice[]> {
  const all: Slice[] = [];
  for (let after = 0; ; ) {
    const { slices, last } = await journal.ask("slices", seq, side, after);
    if (slices.length === 0) return all;
    for (const slice of slices) all.push(slice);
    after = last;
  }
}
