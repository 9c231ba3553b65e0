import { openai } from "@ai-sdk/openai";
import { streamText } from "ai";

// A streamed response, as its documentation shows it: errors come as parts of the stream.
const { fullStream } = streamText({ model: openai("gpt-5"), prompt: "Grüße, ☂ 🎉" });
for await (const part of fullStream) {
  if (part.type === "error") throw part.error;
  if (part.type === "text-delta") process.stdout.write(part.text);
}
