import { valuesIn } from "../policy/json.ts";

const places = new Set(["stream", "stream_options"]);
const asked = '"stream_options":{"include_usage":true},';

/** A request for a stream that asks for its usage, too; `undefined`: it wants none, or has options of its own. */
export function asking(body: Buffer): Buffer | undefined {
  if (!body.includes('"stream"')) return undefined;
  if (!wantsPlainStream(body.toString())) return undefined;
  const start = body.indexOf("{") + 1;
  return Buffer.concat([body.subarray(0, start), Buffer.from(asked), body.subarray(start)]);
}

function wantsPlainStream(json: string): boolean {
  try {
    const found = valuesIn(json, places);
    return found.length === 1 && found[0]![0] === "stream" && found[0]![1] === true;
  } catch {
    // OpenAI says what is wrong with it.
    return false;
  }
}
