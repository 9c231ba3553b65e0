import { type Answer, events, json, madeAt, toEvent } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, isTrue, numberIn, textIn } from "./fields.ts";
import { pictureOf } from "./picture.ts";
import { invalidParameter } from "./refusal.ts";
import type { Operations } from "./router.ts";
import { tokensIn } from "./speech.ts";

/** The tokens that a picture counts as, sent or made. */
const pictureTokens = 272;

/** Pictures of one colour, which follows from the request. */
export function imageOperations(): Operations {
  return {
    "POST /images/generations": (asked) => make(asked, "image_generation", "prompt"),
    "POST /images/edits": (asked) => make(asked, "image_edit", "prompt", "image"),
    "POST /images/variations": (asked) => make(asked, "image_variation", "image"),
  };
}

async function make(asked: Asked, kind: string, ...needed: string[]): Promise<Answer> {
  const said = await fieldsWith(asked, ...needed);
  const count = countIn(said, "n", 1, 1, 10);
  const partials = countIn(said, "partial_images", 0, 0, 3);
  const isOlder = !/^(gpt-image|chatgpt-image)/.test(textIn(said, "model"));
  const format = textIn(said, "output_format", "png");
  if (!formats.includes(format)) {
    throw invalidParameter("output_format", `there is no format "${format}"`);
  }
  const look = lookOf(said, format);
  const usage = usageOf(said, count);
  if (isTrue(said.stream))
    return events(steps(kind, format, partials, { look, usage }, asked.digest));

  const data = Array.from({ length: count }, (_, index) => {
    const b64_json = pictureOf(format, `${asked.digest} ${index}`).toString("base64");
    const isUrl = isOlder && said.response_format !== "b64_json";
    // A client that fetches what the URL names finds the picture in it.
    return isUrl ? { url: `data:image/${format};base64,${b64_json}` } : { b64_json };
  });
  return json({ created: madeAt, data, ...(!isOlder && { ...look, usage }) });
}

function* steps(
  kind: string,
  format: string,
  partials: number,
  { look, usage }: { look: object; usage: object },
  seed: string,
) {
  const common = { created_at: madeAt, ...look };
  for (let index = 0; index < partials; index++) {
    const type = `${kind}.partial_image`;
    const b64_json = pictureOf(format, `${seed} partial ${index}`).toString("base64");
    yield toEvent({ type, ...common, b64_json, partial_image_index: index }, type);
  }
  const type = `${kind}.completed`;
  const b64_json = pictureOf(format, `${seed} 0`).toString("base64");
  yield toEvent({ type, ...common, b64_json, usage }, type);
}

const formats = ["png", "jpeg", "webp"];

function countIn(said: Fields, name: string, usual: number, least: number, most: number): number {
  const count = numberIn({ [name]: said[name] ?? usual }, name, Number.NaN);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw invalidParameter(name, `expected an integer from ${least} to ${most}`);
}

/** What an answer says of how a picture looks; `auto` has become something. */
function lookOf(said: Fields, output_format: string) {
  const of = (name: string, usual: string) => textIn(said, name, usual).replace(/^auto$/, usual);
  return {
    background: of("background", "opaque"),
    output_format,
    quality: of("quality", "high"),
    size: of("size", "1024x1024"),
  };
}

function usageOf(said: Fields, count: number) {
  const text_tokens = tokensIn(textIn(said, "prompt"));
  const images = [said.image].flat().filter((image) => image !== undefined).length;
  const image_tokens = pictureTokens * images;
  const input_tokens = text_tokens + image_tokens;
  const output_tokens = pictureTokens * count;
  return {
    input_tokens,
    input_tokens_details: { image_tokens, text_tokens },
    output_tokens,
    total_tokens: input_tokens + output_tokens,
  };
}
