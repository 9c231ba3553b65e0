import { joined } from "./events.ts";
import type { Media } from "./message.ts";

export function mimeOfAudio(format: string): string {
  if (format === "mp3") return "audio/mpeg";
  // Samples without a head: 16 bits, 24,000 a second, one channel.
  if (format === "pcm16" || format === "pcm") return "audio/pcm";
  return format.includes("/") ? format : `audio/${format}`;
}

export function mimeOfImage(format: unknown): string {
  if (format === "svg") return "image/svg+xml";
  return `image/${typeof format === "string" ? format : "png"}`;
}

/** All bytes of a picture or a sound, as far as they have come. */
export function bytesOf({ bytes, base64 }: Media): Uint8Array {
  return bytes ?? joined(base64.map(fromBase64));
}

/** As bytes that a browser plays: samples without a head get one. */
export function playable(media: Media): { mime: string; bytes: Uint8Array } {
  const bytes = bytesOf(media);
  if (media.mime !== "audio/pcm") return { mime: media.mime, bytes };
  return { mime: "audio/wav", bytes: joined([wavHead(bytes.length), bytes]) };
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

const rate = 24_000;

/** The head of a WAV file with so many bytes of samples. */
function wavHead(length: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(44));
  const put = (at: number, text: string) => {
    for (let i = 0; i < 4; i++) head.setUint8(at + i, text.charCodeAt(i));
  };
  put(0, "RIFF");
  head.setUint32(4, 36 + length, true);
  put(8, "WAVE");
  put(12, "fmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  put(36, "data");
  head.setUint32(40, length, true);
  return new Uint8Array(head.buffer);
}
