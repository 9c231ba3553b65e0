import OpenAI from "openai";

// A streamed chat, as its README shows it.
const stream = await new OpenAI().chat.completions.create({
  model: "gpt-5",
  messages: [{ role: "user", content: "Grüße, ☂ 🎉" }],
  stream: true,
});
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? "");
