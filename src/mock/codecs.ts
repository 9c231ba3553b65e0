import { idOf, madeAt } from "./answer.ts";
import { toneFor, toWav } from "./sound.ts";

type Codec = { type: string; encode: (text: string) => Buffer };

/** A text said aloud, in each format: as a tone where that is easy, else as silence. */
const codecs: Record<string, Codec> = {
  mp3: { type: "audio/mpeg", encode: (text) => silence(text, mp3Frame) },
  aac: { type: "audio/aac", encode: (text) => silence(text, aacFrame) },
  wav: { type: "audio/wav", encode: (text) => toWav(toneFor(text)) },
  pcm: { type: "audio/pcm", encode: toneFor },
  flac: { type: "audio/flac", encode: () => flacHead },
  opus: { type: "audio/ogg", encode: () => opusHead },
};

export function codecOf(format: string): Codec | undefined {
  return Object.hasOwn(codecs, format) ? codecs[format] : undefined;
}

/** What a model says aloud in a chat; `pcm16` is what is `pcm` elsewhere. */
export function spokenAudio(transcript: string, format: string, digest: string) {
  const codec = codecOf(format.replace(/^pcm16$/, "pcm")) ?? codecs.wav!;
  const data = codec.encode(transcript).toString("base64");
  return { id: idOf("audio_", digest), data, expires_at: madeAt + 3600, transcript };
}

function silence(text: string, frame: Buffer): Buffer {
  return Buffer.concat(Array<Buffer>(Math.min(text.length, 40)).fill(frame));
}

/** MPEG 1, layer III, 128 kbit/s at 44.1 kHz, one channel: no bits for any sample. */
const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)]);

/** ADTS, AAC-LC at 44.1 kHz, one channel: a frame of silence. */
const aacFrame = Buffer.from([
  ...[0xff, 0xf1, 0x50, 0x40, 0x01, 0x7f, 0xfc],
  ...[0x00, 0xc8, 0x00, 0x00],
]);

/** The head of a stream without samples: 24 kHz, one channel, 16 bits. */
const flacHead = Buffer.concat([
  Buffer.from("fLaC"),
  Buffer.from([0x80, 0, 0, 34, 0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x05, 0xdc, 0x00, 0xf0]),
  Buffer.alloc(20),
]);

/** The first page of a stream: one channel, 24 kHz. */
const opusHead = Buffer.concat([
  Buffer.from("OggS"),
  Buffer.from([0, 2, ...Array<number>(12).fill(0), 0, 0, 0, 0, ...Array<number>(4).fill(0), 1, 19]),
  Buffer.from("OpusHead"),
  Buffer.from([1, 1, 0, 0, 0xc0, 0x5d, 0, 0, 0, 0, 0]),
]);
