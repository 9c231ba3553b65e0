import { json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, objectsIn } from "./fields.ts";
import { textOf, tokensIn } from "./speech.ts";
import { tokenUsage } from "./tokens.ts";

/** Answers each question with its first choice, and is nearly sure. */
export async function decide(asked: Asked) {
  const said = await fieldsWith(asked, "model", "input", "questions");
  const input_tokens = tokensIn(textOf(said.input));
  const answers = objectsIn(said, "questions").map(answerTo);
  return json({ model: said.model, answers, usage: tokenUsage(input_tokens, answers.length) });
}

function answerTo(question: Fields) {
  const { type } = question;
  const name = question.name ?? null;
  if (type === "predicate") return { type, name, probability: 0.9 };
  const chances = (count: number) =>
    Array.from({ length: count }, (_, at) => (at > 0 ? 0.1 / (count - 1) : count > 1 ? 0.9 : 1));
  if (type === "choice") {
    const values = objectsIn(question, "choices").map(({ value }) => value);
    const likely = chances(values.length);
    const probabilities = values.map((value, at) => ({ value, probability: likely[at] }));
    return { type, name, choice: values[0], confidence: 0.9, probabilities };
  }
  const levels = objectsIn(question, "levels");
  const likely = chances(levels.length);
  const probabilities = levels.map(({ label, value }, at) => ({
    ...{ label, value: Number(value ?? at), probability: likely[at] },
  }));
  return { type, name, score: probabilities[0]?.value ?? 0, confidence: 0.9, probabilities };
}
