import { tapeMiss } from "../errors.ts";
import { opcodes } from "../websocket-frames.ts";
import { toBytes } from "./bytes.ts";
import type { Asked, Line, Matcher, Message, Said } from "./entry.ts";
import type { Pace } from "./pace.ts";
import type { Stage } from "./stage.ts";

type Lines = AsyncGenerator<Line>;

export type Script = {
  asked: Asked;
  /** What follows the 101. */
  lines: Lines;
  matcher: Matcher;
  pace: Pace;
  /** Another recording that begins with this message, from there on. */
  other(message: string | Buffer): Promise<Lines | undefined>;
};

/**
 * Speaks the server's part of a conversation in step: what came after a message of the client follows once
 * the client has sent that message. False: the client said something that was never recorded.
 */
export async function perform(script: Script, stage: Stage): Promise<boolean> {
  const { matcher, pace } = script;
  let { lines } = script;
  /** Messages of either side so far. */
  let count = 0;

  for (;;) {
    const { value: line, done } = await lines.next();
    if (done || stage.gone.aborted) break;
    if ("end" in line) {
      if (line.end === "client_left") return expectNothing();
      if (line.end === "reset") stage.destroy(new Error("The recorded connection was reset here."));
      break;
    }
    if (!("from" in line)) continue;
    if (line.from === "server") {
      await pace.until(line.at, stage.gone);
      await speak(line, stage);
      count++;
      continue;
    }
    const recorded = await wholeOf(line, lines);
    const sent = await stage.next();
    if (!sent) break;
    if ("close" in sent) {
      // It may leave earlier than it did; a server says the same in return.
      if (recorded !== undefined) return closeWith(sent.close);
    } else if (recorded === undefined) return refuse(sent.message, undefined);
    else if (!isSame(matcher, recorded, sent.message)) {
      const other = count === 0 ? await script.other(sent.message) : undefined;
      if (!other) return refuse(sent.message, recorded);
      await lines.return(undefined);
      lines = other;
    }
    pace.restart(line.at);
    count++;
  }
  await lines.return(undefined);
  stage.hangUp();
  return true;

  async function expectNothing(): Promise<boolean> {
    const sent = await stage.next();
    if (sent && "message" in sent) return refuse(sent.message, undefined);
    return closeWith(sent?.close);
  }

  async function closeWith(payload: Buffer | undefined): Promise<boolean> {
    if (payload) await stage.say(opcodes.close, true, payload);
    stage.hangUp();
    return true;
  }

  async function refuse(sent: string | Buffer, recorded?: string | Buffer): Promise<boolean> {
    const { asked } = script;
    const tape =
      recorded === undefined ? [] : [{ name: "recording", asked: withBody(asked, recorded) }];
    const why =
      tape.length === 0
        ? "It ended before this message."
        : matcher.explain(withBody(asked, sent), tape);
    const { error } = tapeMiss("A message to", asked.path, why).toJSON();
    await stage.say(
      opcodes.text,
      true,
      Buffer.from(JSON.stringify({ type: "error", status: 400, error })),
    );
    const reason = Buffer.from("..tape_miss");
    reason.writeUInt16BE(1008, 0);
    await closeWith(reason);
    return false;
  }
}

/** Whether a message is the recorded one, whatever the client numbers it with. */
export function isSame(
  matcher: Matcher,
  recorded: string | Buffer,
  sent: string | Buffer,
): boolean {
  return matcher.sameMessage(withoutEventId(recorded), withoutEventId(sent));
}

function withoutEventId(message: string | Buffer): string | Buffer {
  if (typeof message !== "string" || !message.includes('"event_id"')) return message;
  try {
    const { event_id, ...rest } = JSON.parse(message) as { event_id?: unknown };
    return JSON.stringify(rest);
  } catch {
    return message;
  }
}

/** A message of the client, put together; `undefined`: it closed. */
export async function wholeOf(
  first: Message,
  lines: AsyncGenerator<Line>,
): Promise<string | Buffer | undefined> {
  const parts: Said[] = [];
  let line: Line = first;
  while ("from" in line) {
    if ("close" in line || "ping" in line) return undefined;
    parts.push(line);
    if (!line.more) break;
    const { value, done } = await lines.next();
    if (done) break;
    line = value;
  }
  const bytes = Buffer.concat(parts.map(toBytes));
  return parts[0]?.binary ? bytes : bytes.toString("utf8");
}

async function speak(line: Message, stage: Stage): Promise<void> {
  if ("ping" in line) return stage.say(opcodes.ping, true, Buffer.from(line.ping, "latin1"));
  if ("close" in line) {
    const payload = Buffer.from(line.close === null ? "" : `..${line.reason}`);
    if (line.close !== null) payload.writeUInt16BE(line.close, 0);
    return stage.say(opcodes.close, true, payload);
  }
  const opcode = line.rest ? opcodes.rest : line.binary ? opcodes.binary : opcodes.text;
  return stage.say(opcode, !line.more, toBytes(line));
}

/** For those who explain differences between requests: a message as if it were the body of one. */
function withBody(asked: Asked, message: string | Buffer): Asked {
  const bytes = message.length;
  if (typeof message !== "string")
    return { ...asked, body: { bytes, base64: message.toString("base64") } };
  try {
    return { ...asked, body: { bytes, json: JSON.parse(message) as unknown } };
  } catch {
    return { ...asked, body: { bytes, text: message } };
  }
}
