import { idOf, json } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { fieldsWith, isObject, textIn } from "./fields.ts";
import { textOf } from "./speech.ts";

const categories = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
];

/** What names a category falls into it; nothing else is flagged. */
export async function moderate(asked: Asked) {
  const said = await fieldsWith(asked, "input");
  const { input } = said;
  // A list of parts is one input, a list of texts several.
  const isOne = !Array.isArray(input) || input.some(isObject);
  const inputs = isOne ? [input] : input;
  return json({
    id: idOf("modr-", asked.digest),
    model: textIn(said, "model", "omni-moderation-latest"),
    results: inputs.map((one) => resultOf(textOf(one))),
  });
}

function resultOf(text: string) {
  const of = <T>(toValue: (isHit: boolean) => T) =>
    Object.fromEntries(categories.map((name) => [name, toValue(text.includes(name))]));
  return {
    flagged: categories.some((name) => text.includes(name)),
    categories: of((isHit) => isHit),
    category_scores: of((isHit) => (isHit ? 0.99 : 0.0001)),
    category_applied_input_types: of((isHit) => (isHit ? ["text"] : [])),
  };
}
