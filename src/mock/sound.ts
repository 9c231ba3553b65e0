const samplesPerSecond = 24_000;

/** Seconds that it takes to say a text. */
export function secondsOf(text: string): number {
  return Math.min(Math.max(text.length / 15, 0.2), 30);
}

/** A quiet tone, as samples of 16 bits. */
export function toneFor(text: string): Buffer {
  const count = Math.round(Math.min(secondsOf(text), 1) * samplesPerSecond);
  const samples = Buffer.alloc(2 * count);
  for (let at = 0; at < count; at++) {
    const wave = Math.sin((2 * Math.PI * 440 * at) / samplesPerSecond);
    samples.writeInt16LE(Math.round(wave * 2000), 2 * at);
  }
  return samples;
}

/** Samples with the head that makes a WAV file of them. */
export function toWav(samples: Buffer): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(samplesPerSecond, 24);
  head.writeUInt32LE(2 * samplesPerSecond, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
