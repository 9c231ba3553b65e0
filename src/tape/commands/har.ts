import * as v from "valibot";
import type { HeaderList } from "../../exchange.ts";
import { headerOf, without } from "../../header-list.ts";
import { notKept } from "../../kept-headers.ts";
import { type Scrub, withCredentials } from "../../scrub.ts";
import { toAsked } from "../asked.ts";
import { Intake } from "../body.ts";
import { fromBytes, toPairs } from "../bytes.ts";
import type { Entry, Message, Slice } from "../entry.ts";

// HTTP Archive 1.2, as far as it is read here.
const headers = v.array(v.object({ name: v.string(), value: v.string() }));
const exchange = v.object({
  startedDateTime: v.pipe(v.string(), v.isoTimestamp()),
  time: v.nullish(v.number()),
  request: v.object({
    method: v.string(),
    url: v.pipe(v.string(), v.url()),
    headers,
    postData: v.nullish(v.object({ text: v.nullish(v.string()) })),
    bodySize: v.nullish(v.number()),
  }),
  response: v.object({
    status: v.number(),
    statusText: v.nullish(v.string()),
    headers,
    content: v.object({
      size: v.nullish(v.number()),
      text: v.nullish(v.string()),
      encoding: v.nullish(v.string()),
    }),
  }),
  timings: v.nullish(v.object({ receive: v.nullish(v.number()) })),
  // Of Chromium: the messages of a WebSocket, with the second of each.
  _webSocketMessages: v.nullish(
    v.array(
      v.object({
        type: v.picklist(["send", "receive"]),
        time: v.number(),
        opcode: v.number(),
        data: v.string(),
      }),
    ),
  ),
});

type Exchange = v.InferOutput<typeof exchange>;

export const har = v.object({ log: v.object({ entries: v.array(v.unknown()) }) });

/** What a file has, as recordings, and why some of it is none. */
export type Imported = { entries: Entry[]; skipped: { what: string; why: string }[] };

/** Headers of the body as it was sent; it lies in the archive without its encoding. */
const ofTheWire =
  /^(?::.*|connection|content-(?:encoding|length)|keep-alive|transfer-encoding|upgrade)$/i;
/** The exchanges with one of `hosts` below /v1. */
export async function fromHar(
  { log }: v.InferOutput<typeof har>,
  hosts: readonly string[],
  scrub: Scrub,
): Promise<Imported> {
  const imported: Imported = { entries: [], skipped: [] };
  for (const [index, value] of log.entries.entries()) {
    const { success, output } = v.safeParse(exchange, value);
    const url = success ? new URL(output.request.url) : undefined;
    const what = success
      ? `${output.request.method} ${url!.origin}${url!.pathname}`
      : `entry ${index}`;
    const why = success ? unusable(output, url!, hosts) : "it is no exchange of HAR 1.2";
    if (!success || why !== undefined) imported.skipped.push({ what, why: why! });
    else imported.entries.push(await toEntry(output, url!, scrub));
  }
  return imported;
}

function unusable({ request, response }: Exchange, url: URL, hosts: readonly string[]) {
  if (!hosts.includes(url.hostname)) return "it went to another host (see --host)";
  if (!url.pathname.startsWith("/v1/")) return "its path is not below /v1";
  if (response.status < 100) return "it was never answered";
  if ((response.content.size ?? 0) > 0 && response.content.text == null)
    return "the archive does not have its body";
  if ((request.bodySize ?? 0) > 0 && request.postData?.text == null)
    return "the archive does not have the request's body";
  return undefined;
}

async function toEntry(from: Exchange, url: URL, scrub: Scrub): Promise<Entry> {
  const { request, response, timings, time } = from;
  const sent = request.headers.flatMap(({ name, value }) => [name, value]);
  const safe = withCredentials(scrub, sent);
  const startedAt = Date.parse(from.startedDateTime) - performance.timeOrigin;
  const total = Math.max(0, time ?? 0);
  const headAt = Math.max(0, total - Math.max(0, timings?.receive ?? 0));

  const isUpgrade = response.status === 101;
  const intake = new Intake(sent);
  const { text } = request.postData ?? {};
  if (text && !isUpgrade) intake.add(Buffer.from(text));
  const asked = await toAsked(
    {
      id: "import",
      method: request.method.toUpperCase(),
      target: url.pathname + url.search,
      // What an archive has of the body was unpacked.
      headers: without(sent, /^content-encoding$/i),
      body: null,
      bodyLength: intake.bytes,
      startedAt,
      bytesIn: intake.bytes,
    },
    isUpgrade,
    intake,
    safe,
  );
  const { content } = response;
  const body = Buffer.from(content.text ?? "", content.encoding === "base64" ? "base64" : "utf8");
  const answered = response.headers.flatMap(({ name, value }) => [name, value]);
  const parts = isUpgrade
    ? messagesOf(from, safe)
    : toSlices(Buffer.from(safe(body.toString("latin1")), "latin1"), answered, headAt);
  return {
    asked,
    interim: [],
    head: {
      at: headAt,
      status: response.status,
      reason: response.statusText ?? "",
      headers: toPairs(headersOf(answered, isUpgrade ? undefined : body.length, safe)),
    },
    parts,
    end: { at: Math.max(total, parts.at(-1)?.at ?? 0), end: "complete" },
  };
}

function headersOf(list: HeaderList, length: number | undefined, scrub: Scrub): HeaderList {
  const kept = without(without(list, ofTheWire), notKept);
  const safe = kept.map((text, i) => (i % 2 === 0 ? text : scrub(text)));
  if (length === undefined || isStream(list)) return safe;
  return [...safe, "content-length", String(length)];
}

/** An event each: an archive does not say when it came. */
function toSlices(body: Buffer, headers: HeaderList, at: number): Slice[] {
  const text = body.toString("latin1");
  const pieces = isStream(headers) ? text.split(/(?<=\n\r?\n)/) : [text];
  return pieces.flatMap((piece) => {
    return piece === "" ? [] : [{ at, ...fromBytes(Buffer.from(piece, "latin1")) }];
  });
}

function isStream(headers: HeaderList): boolean {
  return /^text\/event-stream/i.test(headerOf(headers, "content-type") ?? "");
}

function messagesOf({ startedDateTime, _webSocketMessages }: Exchange, scrub: Scrub): Message[] {
  const start = Date.parse(startedDateTime);
  return (_webSocketMessages ?? []).flatMap(({ type, time, opcode, data }): Message[] => {
    if (opcode !== 1 && opcode !== 2) return [];
    const at = Math.max(0, Math.round(time * 1000 - start));
    const from = type === "send" ? "client" : "server";
    const bytes = Buffer.from(data, opcode === 2 ? "base64" : "utf8");
    const content = fromBytes(Buffer.from(scrub(bytes.toString("latin1")), "latin1"));
    return [{ at, from, ...content, ...(opcode === 2 && { binary: true as const }) }];
  });
}
