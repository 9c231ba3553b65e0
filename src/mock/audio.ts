import { type Answer, events, json, toEvent } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { codecOf } from "./codecs.ts";
import { bytesIn, type Fields, fieldsWith, isTrue, textIn } from "./fields.ts";
import { invalidParameter } from "./refusal.ts";
import type { Operations } from "./router.ts";
import { pieces, speak, tokensIn } from "./speech.ts";
import { toSubtitles } from "./subtitles.ts";

/** Speech made and heard; what the mock hears is the name of the file. */
export function audioOperations(): Operations {
  return {
    "POST /audio/speech": sayAloud,
    "POST /audio/transcriptions": (asked) => hear(asked, "transcribe"),
    "POST /audio/translations": (asked) => hear(asked, "translate"),
  };
}

async function sayAloud(asked: Asked): Promise<Answer> {
  const said = await fieldsWith(asked, "model", "input", "voice");
  const input = textIn(said, "input");
  const format = textIn(said, "response_format", "mp3");
  const codec = codecOf(format);
  if (!codec) throw invalidParameter("response_format", `there is no format "${format}"`);
  const sound = codec.encode(input);
  if (said.stream_format !== "sse") {
    return { status: 200, headers: ["content-type", codec.type], body: sound };
  }
  const half = Math.ceil(sound.length / 2);
  const input_tokens = tokensIn(input);
  const usage = { input_tokens, output_tokens: input_tokens, total_tokens: 2 * input_tokens };
  return events([
    ...[sound.subarray(0, half), sound.subarray(half)].map((part) =>
      toEvent({ type: "speech.audio.delta", audio: part.toString("base64") }),
    ),
    toEvent({ type: "speech.audio.done", usage }),
  ]);
}

async function hear(asked: Asked, task: string): Promise<Answer> {
  const said = await fieldsWith(asked, "file", "model");
  const { file } = said;
  const name = file instanceof File ? file.name : "";
  const { length } = await bytesIn(said, "file");
  const text = asked.said?.text ?? speak(name);
  const format = textIn(said, "response_format", "json");
  const seconds = Math.max(1, Math.ceil(length / 32_000));
  if (isTrue(said.stream) && !textIn(said, "model").startsWith("whisper")) {
    return events(transcriptEvents(text, seconds));
  }
  if (format === "json") return json({ text, usage: usageOf(task, said, text, seconds) });
  if (format === "verbose_json") return json(verbose(said, task, text, seconds));
  if (format === "diarized_json") return json(diarized(text, seconds));
  const written = format === "text" ? `${text}\n` : toSubtitles(format, text, seconds);
  if (written === undefined) {
    throw invalidParameter("response_format", `there is no format "${format}"`);
  }
  const type = "text/plain; charset=utf-8";
  return { status: 200, headers: ["content-type", type], body: Buffer.from(written) };
}

function usageOf(task: string, said: Fields, text: string, seconds: number) {
  if (task === "translate") return undefined;
  return textIn(said, "model").startsWith("whisper")
    ? { type: "duration", seconds }
    : tokenUsage(text, seconds);
}

function tokenUsage(text: string, seconds: number) {
  const [input_tokens, output_tokens] = [10 * seconds, tokensIn(text)];
  return {
    type: "tokens",
    input_tokens,
    input_token_details: { audio_tokens: input_tokens, text_tokens: 0 },
    output_tokens,
    total_tokens: input_tokens + output_tokens,
  };
}

function* transcriptEvents(text: string, seconds: number) {
  for (const delta of pieces(text)) yield toEvent({ type: "transcript.text.delta", delta });
  yield toEvent({ type: "transcript.text.done", text, usage: tokenUsage(text, seconds) });
}

function verbose(said: Fields, task: string, text: string, duration: number) {
  const kinds = [said.timestamp_granularities].flat();
  const words = pieces(text);
  const each = duration / words.length;
  const segment = {
    ...{ id: 0, seek: 0, start: 0, end: duration, text, tokens: [], temperature: 0 },
    ...{ avg_logprob: -0.1, compression_ratio: 1, no_speech_prob: 0.01 },
  };
  const timed = words.map((word, at) => ({
    word: word.trim(),
    start: at * each,
    end: (at + 1) * each,
  }));
  return {
    language: task === "translate" ? "english" : textIn(said, "language", "english"),
    duration,
    text,
    segments: [segment],
    ...(kinds.includes("word") && { words: timed }),
    ...(task === "transcribe" && { usage: { type: "duration", seconds: duration } }),
  };
}

function diarized(text: string, duration: number) {
  const segment = { type: "transcript.text.segment", id: "seg_0", speaker: "A" };
  const segments = [{ ...segment, start: 0, end: duration, text }];
  return { task: "transcribe", duration, text, segments, usage: tokenUsage(text, duration) };
}
