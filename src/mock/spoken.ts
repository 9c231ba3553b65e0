/** As `tokensIn` counts a whole text: the pieces of one have as many, in fractions. */
const charactersPerToken = 4;

/** The tokens of new output that an event says: those of its delta, whatever API it belongs to. */
export function tokensOfEvent(event: unknown): number {
  const { type, delta, choices } = fieldsOf(event);
  if (Array.isArray(choices)) return sum(choices.map(tokensOfChoice));
  // Audio comes beside its transcript, which is counted.
  return /audio\.delta$/.test(String(type)) ? 0 : tokensOfPiece(delta);
}

/** The tokens of output that a whole answer says it has; other answers have none. */
export function tokensOfBody(body: unknown): number {
  const { output_tokens, completion_tokens } = fieldsOf(fieldsOf(body).usage);
  const tokens = output_tokens ?? completion_tokens;
  return typeof tokens === "number" ? tokens : 0;
}

/** What stands behind `data:` in a piece of an event stream, event by event. */
export function dataOf(stream: string): string[] {
  return Array.from(stream.matchAll(/^data: ?(.*)$/gm), ([, data = ""]) => data);
}

/** JSON, or nothing where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A chunk of a chat has a delta, one of the older completions a text. */
function tokensOfChoice(choice: unknown): number {
  const { delta, text } = fieldsOf(choice);
  const { content, tool_calls } = fieldsOf(delta);
  const calls = Array.isArray(tool_calls) ? tool_calls : [];
  const said = calls.map((call) => fieldsOf(fieldsOf(call).function).arguments);
  return sum([text, content, ...said].map(tokensOfPiece));
}

function tokensOfPiece(text: unknown): number {
  return typeof text === "string" ? text.length / charactersPerToken : 0;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
