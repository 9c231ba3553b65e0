import * as v from "valibot";

// The fixture files of CopilotKit/aimock (https://github.com/CopilotKit/aimock), as far as they can be
// carried over.

const text = v.string();
/** JSON may be written as JSON instead of as a text. */
const jsonText = v.union([
  text,
  v.pipe(
    v.union([v.array(v.unknown()), v.record(text, v.unknown())]),
    v.transform((x) => JSON.stringify(x)),
  ),
]);

const call = v.object({ name: text, arguments: jsonText, id: v.optional(text) });
const block = v.variant("type", [
  v.object({ type: v.literal("text"), text }),
  v.object({ type: v.literal("toolCall"), ...call.entries }),
]);

const match = v.strictObject({
  userMessage: v.optional(text),
  systemMessage: v.optional(v.union([text, v.array(text)])),
  inputText: v.optional(text),
  toolCallId: v.optional(text),
  toolResultContains: v.optional(text),
  toolName: v.optional(text),
  model: v.optional(text),
  responseFormat: v.optional(text),
  sequenceIndex: v.optional(v.number()),
  turnIndex: v.optional(v.number()),
  hasToolResult: v.optional(v.boolean()),
  endpoint: v.optional(v.picklist(["chat", "embedding", "image", "speech", "transcription"])),
});

const image = v.object({
  url: v.optional(text),
  b64Json: v.optional(text),
  revisedPrompt: v.optional(text),
});

const response = v.looseObject({
  content: v.optional(jsonText),
  toolCalls: v.optional(v.array(call)),
  blocks: v.optional(v.array(block)),
  error: v.optional(
    v.looseObject({
      message: text,
      type: v.optional(text),
      param: v.nullish(text),
      code: v.nullish(text),
    }),
  ),
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))),
  retryAfter: v.optional(v.number()),
  embedding: v.optional(v.array(v.number())),
  image: v.optional(image),
  images: v.optional(v.array(image)),
  audio: v.optional(v.union([text, v.object({ b64Json: text, contentType: v.optional(text) })])),
  format: v.optional(text),
  transcription: v.optional(v.looseObject({ text })),
  id: v.optional(text),
  created: v.optional(v.number()),
  model: v.optional(text),
  usage: v.optional(v.record(text, v.unknown())),
  finishReason: v.optional(text),
  systemFingerprint: v.optional(text),
});

const milliseconds = v.optional(v.pipe(v.number(), v.minValue(0)));

export const fixture = v.looseObject({
  match,
  response,
  latency: milliseconds,
  chunkSize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  truncateAfterChunks: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  disconnectAfterMs: milliseconds,
  streamingProfile: v.optional(
    v.object({ ttft: milliseconds, tps: v.optional(v.pipe(v.number(), v.gtValue(0))) }),
  ),
  recordedTimings: v.optional(
    v.object({ ttftMs: v.number(), interChunkDelaysMs: v.array(v.number()) }),
  ),
});

/** A file of them. */
export const fixtures = v.object({ fixtures: v.array(v.unknown()) });

export type Fixture = v.InferOutput<typeof fixture>;

/** Some text, or a call of a tool, in the order in which the model says it. */
export type Block = v.InferOutput<typeof block>;

export function blocksOf({ response }: Fixture): Block[] {
  const { blocks, content, toolCalls = [] } = response;
  if (blocks && blocks.length > 0) return blocks;
  const said: Block[] = content === undefined ? [] : [{ type: "text", text: content }];
  return [...said, ...toolCalls.map((one) => ({ ...one, type: "toolCall" as const }))];
}

/** Members that a fixture may have and a tape has no place for, with what to use instead. */
const unknown: Record<string, string> = {
  chaos: "chaos is left out: --fault breaks calls at random",
  openRouterProcessing: "openRouterProcessing is left out",
  replaySpeed: "replaySpeed is left out: --speed sets it",
  reasoning: "reasoning is left out",
  reasoningSignature: "reasoningSignature is left out",
  redactedThinking: "redactedThinking is left out",
  webSearches: "webSearches is left out",
  role: "role is left out: it is assistant",
  fallthrough: "fallthrough is left out",
};

export function remarksOn(one: Fixture): string[] {
  const names = [...Object.keys(one), ...Object.keys(one.response)];
  const told = names.flatMap((name) => unknown[name] ?? []);
  return one.streamingProfile && "jitter" in one.streamingProfile
    ? [...told, "jitter is left out: a tape plays the same each time"]
    : told;
}
