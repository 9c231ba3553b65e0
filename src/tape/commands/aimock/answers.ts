import { hash } from "node:crypto";
import type { End, HeaderPairs } from "../../entry.ts";
import { chatCompletion, chatEvents } from "./chat.ts";
import { blocksOf, type Fixture } from "./fixtures.ts";
import { responseEvents, responseOf } from "./responses.ts";

/** What a fixture answers to one way of asking. */
export type Answer = {
  path: string;
  /** Only requests that want a stream, or only those that want none. */
  stream?: boolean;
  /** The request is a form, of which nothing but its path is asked. */
  isForm?: boolean;
  status: number;
  headers: HeaderPairs;
  slices: { at: number; bytes: Buffer }[];
  end: End;
};

const chatPath = "/v1/chat/completions";
const responsesPath = "/v1/responses";
const formPath = "/v1/audio/transcriptions";
const paths: Record<string, string[]> = {
  chat: [chatPath, responsesPath],
  embedding: ["/v1/embeddings"],
  image: ["/v1/images/generations"],
  speech: ["/v1/audio/speech"],
  transcription: [formPath],
};

/** Characters of a text that come at a time where a fixture says nothing. */
const usualSize = 20;

export function answersOf(from: Fixture): Answer[] {
  const { response, match } = from;
  const whole = (kind: string, value: object) =>
    paths[match.endpoint ?? kind]!.map((path) => inOnePiece(from, path, value));
  if (response.error) return whole("chat", { error: errorOf(response.error) });
  if (response.embedding) return whole("embedding", embeddingOf(from, response.embedding));
  if (response.transcription) return whole("transcription", response.transcription);
  if (response.audio !== undefined) return [speechOf(from, response.audio)];
  const images = response.images ?? (response.image ? [response.image] : []);
  if (images.length > 0) return whole("image", imagesOf(from, images));
  return blocksOf(from).length > 0 ? conversationOf(from) : [];
}

function conversationOf(from: Fixture): Answer[] {
  const blocks = blocksOf(from);
  const id = hash("sha256", JSON.stringify([from.match, blocks])).slice(0, 24);
  const size = from.chunkSize ?? usualSize;
  const pieces = (text: string) => text.match(new RegExp(`[\\s\\S]{1,${size}}`, "gu")) ?? [];
  return [
    { ...inOnePiece(from, chatPath, chatCompletion(from, blocks, id)), stream: false },
    inPieces(from, chatPath, chatEvents(from, blocks, id, pieces)),
    { ...inOnePiece(from, responsesPath, responseOf(from, blocks, id)), stream: false },
    inPieces(from, responsesPath, responseEvents(from, blocks, id, pieces)),
  ];
}

function inOnePiece({ response }: Fixture, path: string, value: object): Answer {
  const bytes = Buffer.from(JSON.stringify(value));
  const status = response.status ?? (response.error ? 500 : 200);
  const retry: HeaderPairs =
    status === 429 ? [["retry-after", String(response.retryAfter ?? 1)]] : [];
  return {
    path,
    ...(path === formPath && { isForm: true }),
    status,
    headers: [
      ["content-type", "application/json"],
      ["content-length", `${bytes.length}`],
      ...retry,
    ],
    slices: [{ at: 0, bytes }],
    end: { at: 0, end: "complete" },
  };
}

/** One event a slice, at the times that the fixture asks for, as far as it lets them come. */
function inPieces(from: Fixture, path: string, events: readonly string[]): Answer {
  const { latency = 0, streamingProfile: profile, recordedTimings: recorded } = from;
  const pause = profile?.tps ? 1000 / profile.tps : latency;
  let at = recorded?.ttftMs ?? profile?.ttft ?? latency;
  const all = events.map((event, i) => {
    if (i > 0) at += recorded?.interChunkDelaysMs[i - 1] ?? pause;
    return { at: Math.round(at * 10) / 10, bytes: Buffer.from(event) };
  });
  const { truncateAfterChunks: most = all.length, disconnectAfterMs: latest } = from;
  const slices = all.slice(0, most).filter(({ at }) => latest === undefined || at <= latest);
  const isCut = slices.length < all.length;
  const last = slices.at(-1)?.at ?? 0;
  return {
    path,
    stream: true,
    status: 200,
    headers: [["content-type", "text/event-stream; charset=utf-8"]],
    slices,
    end: { at: isCut ? (latest ?? last) : last, end: isCut ? "reset" : "complete" },
  };
}

function errorOf({ message, type, param, code }: NonNullable<Fixture["response"]["error"]>) {
  return { message, type: type ?? "server_error", param: param ?? null, code: code ?? null };
}

function embeddingOf({ match, response }: Fixture, embedding: number[]): object {
  const model = response.model ?? match.model ?? "text-embedding-3-small";
  const usage = { prompt_tokens: 0, total_tokens: 0, ...response.usage };
  return { object: "list", data: [{ object: "embedding", index: 0, embedding }], model, usage };
}

function imagesOf({ response }: Fixture, images: NonNullable<Fixture["response"]["images"]>) {
  const data = images.map(({ url, b64Json: b64_json, revisedPrompt: revised_prompt }) => {
    return { url, b64_json, revised_prompt };
  });
  return { created: response.created ?? 0, data };
}

function speechOf(from: Fixture, audio: NonNullable<Fixture["response"]["audio"]>): Answer {
  const base64 = typeof audio === "string" ? audio : audio.b64Json;
  const type = typeof audio === "string" ? undefined : audio.contentType;
  const answer = inOnePiece(from, paths.speech![0]!, {});
  const bytes = Buffer.from(base64, "base64");
  const format = from.response.format ?? "mpeg";
  const headers: HeaderPairs = [
    ["content-type", type ?? `audio/${format === "mp3" ? "mpeg" : format}`],
    ["content-length", String(bytes.length)],
  ];
  return { ...answer, headers, slices: [{ at: 0, bytes }] };
}
