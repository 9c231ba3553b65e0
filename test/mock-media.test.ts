import { toFile } from "openai";
import { expect, test } from "vitest";
import { all, startClient } from "./mock-server.ts";

const picture = () => toFile(Buffer.from("not looked at"), "a.png", { type: "image/png" });

const signatures = {
  png: /^\x89PNG\r\n/,
  jpeg: /^\xff\xd8\xff/,
  webp: /^RIFF....WEBP/s,
};

test.each(Object.entries(signatures))("an image is made as %s", async (output_format, begins) => {
  await using client = await startClient();

  const { data, usage } = await client.openai.images.generate({
    model: "gpt-image-1",
    prompt: "A boat",
    output_format: output_format as "png",
    n: 2,
  });

  const [one, other] = data!.map(({ b64_json }) => Buffer.from(b64_json!, "base64"));
  expect(one!.toString("latin1")).toMatch(begins);
  if (output_format === "png") expect(one).not.toEqual(other);
  expect(usage!.total_tokens).toBe(usage!.input_tokens + usage!.output_tokens);
});

test("an older model names its image by a URL, in which it is", async () => {
  await using client = await startClient();

  const { data } = await client.openai.images.createVariation({ image: await picture() });

  const answer = await fetch(data![0]!.url!);
  expect(answer.headers.get("content-type")).toBe("image/png");
  expect(Buffer.from(await answer.arrayBuffer()).toString("latin1")).toMatch(signatures.png);
});

test("an image that is streamed comes in parts first", async () => {
  await using client = await startClient();

  const stream = await client.openai.images.edit({
    model: "gpt-image-1",
    image: await picture(),
    prompt: "A boat",
    stream: true,
    partial_images: 2,
  });

  expect((await all(stream)).map(({ type }) => type)).toEqual([
    "image_edit.partial_image",
    "image_edit.partial_image",
    "image_edit.completed",
  ]);
});

test.each([
  ["mp3", "audio/mpeg", /^\xff\xfb/],
  ["wav", "audio/wav", /^RIFF....WAVEfmt /s],
  ["aac", "audio/aac", /^\xff\xf1/],
  ["flac", "audio/flac", /^fLaC/],
  ["opus", "audio/ogg", /^OggS/],
  ["pcm", "audio/pcm", /^/],
] as const)("speech is made as %s", async (response_format, type, begins) => {
  await using client = await startClient();

  const answer = await client.openai.audio.speech.create({
    model: "tts-1",
    voice: "alloy",
    input: "Hello",
    response_format,
  });

  const sound = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get("content-type")).toBe(type);
  expect(sound.toString("latin1")).toMatch(begins);
  if (response_format === "wav") expect(sound.readUInt32LE(40)).toBe(sound.length - 44);
});

test.each([
  ["text", /^Hello .*"a\.wav"\n$/],
  ["srt", /^1\n00:00:00,000 --> 00:00:01,000\nHello/],
  ["vtt", /^WEBVTT\n\n00:00:00\.000 --> 00:00:01\.000\nHello/],
] as const)("what is heard is written as %s", async (response_format, written) => {
  await using client = await startClient();
  const file = await toFile(Buffer.from("not listened to"), "a.wav");

  const text = await client.openai.audio.transcriptions.create({
    file,
    model: "whisper-1",
    response_format,
  });

  expect(text).toMatch(written);
});

test("what is heard is streamed word by word", async () => {
  await using client = await startClient();
  const file = await toFile(Buffer.from("not listened to"), "a.wav");
  const request = { file, model: "gpt-4o-transcribe" };

  const { text } = await client.openai.audio.transcriptions.create(request);
  const events = await all(
    await client.openai.audio.transcriptions.create({ ...request, stream: true }),
  );

  const deltas = events.flatMap((e) => (e.type === "transcript.text.delta" ? e.delta : []));
  expect(deltas.length).toBeGreaterThan(5);
  expect(deltas.join("")).toBe(text);
  expect(events.at(-1)).toMatchObject({ type: "transcript.text.done", text });
});

test("a video is made when it is asked for", async () => {
  await using client = await startClient();
  const { videos } = client.openai;

  const begun = await videos.create({ prompt: "A boat", seconds: "8" });
  const early = videos.downloadContent(begun.id);
  await expect(early).rejects.toMatchObject({ status: 400 });
  const done = await videos.retrieve(begun.id);
  const content = await videos.downloadContent(begun.id);

  expect([begun.status, done.status]).toEqual(["queued", "completed"]);
  expect(done).toMatchObject({ seconds: "8", progress: 100, prompt: "A boat" });
  expect(content.headers.get("content-type")).toBe("video/mp4");
});
