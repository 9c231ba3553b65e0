import type { Exchange, HeaderList } from "../exchange.ts";
import { checkCharset, decompress, toText } from "./decode.ts";
import { type Found, valuesIn } from "./json.ts";
import { type Part, partsOf } from "./multipart.ts";
import { Unreadable } from "./unreadable.ts";

/** What a request names, wherever. */
export type Named = {
  /** The operation's first. */
  models: string[];
  maxOutputTokens: number | undefined;
  choices?: number;
  tier?: string;
  /** The body, unpacked. */
  bytes?: Buffer;
};

/** Where bodies name models, the operation's own first. */
const modelPlaces = [
  "model",
  "session.model",
  "tools.model",
  "session.tools.model",
  "audio.input.transcription.model",
  "session.audio.input.transcription.model",
  "input_audio_transcription.model",
  "session.input_audio_transcription.model",
  "data_source.model",
  "testing_criteria.model",
  "testing_criteria.graders.model",
  "grader.model",
  "grader.graders.model",
  "method.reinforcement.grader.model",
  "method.reinforcement.grader.graders.model",
];

const tokenPlaces = [
  "max_output_tokens",
  "max_completion_tokens",
  "max_tokens",
  "max_response_output_tokens",
  "session.max_output_tokens",
  "session.max_response_output_tokens",
  "data_source.sampling_params.max_completion_tokens",
  "data_source.sampling_params.max_completions_tokens",
  "sampling_params.max_completion_tokens",
];

const choicePlaces = ["n", "best_of"];
const amountPlaces = [...tokenPlaces, ...choicePlaces];

const places = new Set([...modelPlaces, ...amountPlaces, "service_tier"]);

/** Reads what a request names. `path` is comparable; `most`: bytes that the body may unpack to. */
export async function readNamed(
  exchange: Exchange,
  path: string,
  body: Buffer,
  most: number,
): Promise<Named> {
  const outside = [...namedByPath(path), ...namedByQuery(exchange.target)];
  const coding = body.length > 0 ? theOne(exchange.headers, "content-encoding") : "";
  const bytes = await decompress(body, coding, most);
  const found = bytes.length > 0 ? valuesOf(exchange, path, bytes) : [];
  const inside = modelsAmong(found);
  const tokens = amountsAmong(found, tokenPlaces);
  const tier = found.findLast(([place]) => place === "service_tier")?.[1];
  return {
    models: [...outside, ...inside],
    maxOutputTokens: tokens.length > 0 ? Math.max(...tokens) : undefined,
    choices: Math.max(1, ...amountsAmong(found, choicePlaces)),
    ...(typeof tier === "string" && { tier }),
    bytes,
  };
}

/** What the query names: that is where WebSockets say it. */
export function namedByQuery(target: string): string[] {
  const start = target.indexOf("?");
  if (start < 0) return [];
  // Some servers take a semicolon for an ampersand.
  const query = [...new URLSearchParams(target.slice(start).replaceAll(";", "&"))];
  const names = query.filter(([name]) => /^\s*(?:model|deployment)\s*(?:\[.*)?$/i.test(name));
  if (names.length > 1) throw new Unreadable("the query names a model twice");
  return names.map(([, value]) => value);
}

/** Azure's way, and OpenAI's of old. */
function namedByPath(path: string): string[] {
  const name = /\/(?:deployments|engines)\/([^/]+)\//.exec(path)?.[1];
  return name === undefined ? [] : [name];
}

function modelsAmong(found: Found[]): string[] {
  return modelPlaces.flatMap((place) => {
    const values = found.filter(([at, value]) => at === place && value !== null);
    const isOdd = values.some(([, value]) => typeof value !== "string" || value === "");
    if (isOdd) throw new Unreadable(`its ${place} is not the name of a model`);
    const names = [...new Set(values.map(([, value]) => value as string))];
    if (place === "model" && names.length > 1) throw new Unreadable("it names two models");
    return names;
  });
}

function amountsAmong(found: Found[], places: string[]): number[] {
  const there = found.filter(([place, value]) => places.includes(place) && value !== null);
  return there.map(([, value]) => toAmount(value));
}

function toAmount(limit: unknown): number {
  const amount = typeof limit === "number" ? limit : Number.NaN;
  return Number.isNaN(amount) ? Number.POSITIVE_INFINITY : amount;
}

function valuesOf({ headers }: Exchange, path: string, bytes: Buffer): Found[] {
  const contentType = theOne(headers, "content-type");
  const kind = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (kind === "multipart/form-data") return valuesOfForm(partsOf(contentType, bytes));
  // Its parameters stand in the query or in the client's secret.
  const isCall = kind === "application/sdp" && path === "/realtime/calls";
  if (isCall && bytes.toString("latin1", 0, 2) === "v=") return [];
  checkCharset(contentType);
  return valuesOfJson(toText(bytes));
}

function valuesOfForm(parts: Part[]): Found[] {
  for (const place of ["model", "session"])
    if (parts.filter(({ name }) => toPlace(name) === place).length > 1)
      throw new Unreadable(`it names a ${place} twice`);
  return parts.flatMap(({ name, content }): Found[] => {
    const place = toPlace(name);
    // How WebRTC calls say it: JSON in a part.
    if (place === "session") return valuesOfJson(`{"session":${toText(content)}}`);
    if (!places.has(place)) return [];
    const text = toText(content);
    return [[place, amountPlaces.includes(place) ? Number(text) : text]];
  });
}

/** `session[model]` and `model[]` are how forms spell what is nested. */
function toPlace(name: string): string {
  return name
    .replace(/\[\d*\]/g, "")
    .replace(/\[([^\]]*)\]/g, ".$1")
    .trim()
    .toLowerCase();
}

function valuesOfJson(text: string): Found[] {
  try {
    return valuesIn(text, places);
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable("it is no JSON");
  }
}

/** The value of a header that may come once. */
function theOne(headers: HeaderList, name: string): string {
  const [value = "", ...more] = headers.filter(
    (_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === name,
  );
  if (more.length > 0) throw new Unreadable(`it has more than one ${name}`);
  return value;
}
