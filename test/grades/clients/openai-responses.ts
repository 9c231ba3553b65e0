import OpenAI from "openai";

// A streamed response, as its README shows it.
const stream = await new OpenAI().responses.create({
  model: "gpt-5",
  input: "Grüße, ☂ 🎉",
  stream: true,
});
for await (const event of stream)
  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
