import { createHash } from "node:crypto";
import type { Exchange, HeaderList, UpgradeReply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { withCredentials } from "../scrub.ts";
import { isSame, perform, wholeOf } from "./dialogue.ts";
import type { Head, Line } from "./entry.ts";
import { openEntry } from "./file.ts";
import { TapeError } from "./lines.ts";
import { Pace } from "./pace.ts";
import { headOf, play, toList } from "./play.ts";
import type { Parts } from "./replay.ts";
import { Stage } from "./stage.ts";

/** What the server of a WebSocket adds to the client's key (RFC 6455 section 1.3). */
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Answers a handshake with a recorded conversation, or with the refusal that was recorded instead. */
export async function converse(
  file: string,
  exchange: Exchange,
  reply: UpgradeReply,
  parts: Parts,
): Promise<void> {
  const { asked, lines } = await openEntry(file);
  const head = await headOf(lines);
  if (!head) throw new TapeError(`${file} has no answer.`);
  const gone = new AbortController();
  reply.onGone = () => gone.abort();
  const pace = new Pace(parts.speed, exchange.startedAt);
  parts.score.replayed++;
  if (head.status !== 101) return play(withHead(head, lines), reply, pace, gone.signal);

  await pace.until(head.at, gone.signal);
  const stage = new Stage(withCredentials(parts.scrub, exchange.headers));
  reply.tunnel(toTunnelHeaders(head, exchange), stage);
  pace.restart(head.at);
  const { matcher, score } = parts;
  const other = (message: string | Buffer) => findOther(file, message, parts);
  try {
    if (await perform({ asked, lines, matcher, pace, other }, stage)) return;
    score.replayed--;
    score.missed++;
  } catch (error) {
    stage.destroy(error as Error);
  }
}

/** The conversations of a handshake differ from the client's first message on. */
async function findOther(
  file: string,
  message: string | Buffer,
  { shelf, matcher }: Parts,
): Promise<AsyncGenerator<Line> | undefined> {
  let found: AsyncGenerator<Line> | undefined;
  const other = await shelf.takeOther(file, async (candidate) => {
    const { lines } = await openEntry(candidate);
    await headOf(lines);
    const { value } = await lines.next();
    const isClient = value && "from" in value && value.from === "client";
    const first = isClient ? await wholeOf(value, lines) : undefined;
    const fits = first !== undefined && isSame(matcher, first, message);
    if (fits) found = lines;
    else await lines.return(undefined);
    return fits;
  });
  if (other !== undefined) shelf.giveBack(file);
  return other === undefined ? undefined : found;
}

async function* withHead(head: Head, lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  yield head;
  yield* lines;
}

/** The accepted key is the one that this client has sent. */
function toTunnelHeaders({ headers }: Head, exchange: Exchange): HeaderList {
  const key = headerOf(exchange.headers, "sec-websocket-key") ?? "";
  const accept = createHash("sha1")
    .update(key + magic)
    .digest("base64");
  return toList(headers).map((text, i, list) => {
    return i % 2 === 1 && /^sec-websocket-accept$/i.test(list[i - 1]!) ? accept : text;
  });
}
