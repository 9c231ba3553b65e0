import { hash, randomBytes } from "node:crypto";
import * as v from "valibot";
import { UsageError } from "./error.ts";
import { keyOf } from "./read.ts";
import { stateFile } from "./state-file.ts";

type Env = NodeJS.ProcessEnv;

const time = v.pipe(v.string(), v.isoTimestamp());
const stored = v.object({
  name: v.string(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  created: time,
  expires: v.exactOptional(time),
});

/** What is kept of a client token that `relay token new` made: never the token itself. */
export type StoredToken = v.InferOutput<typeof stored>;

/** `relay_` and 256 bits in base64url. */
function makeToken(): string {
  return `relay_${randomBytes(32).toString("base64url")}`;
}

/** Whether a text holds what could be one of ours: nothing else need be looked up. */
export function looksStored(text: string): boolean {
  return /relay_[\w-]{43}/.test(text);
}

export function tokenFile(env: Env) {
  return stateFile(env, "tokens.json");
}

/** All that `relay token new` made and nobody removed, expired ones too. Unreadable entries let nobody in. */
export function storedTokens(env: Env): StoredToken[] {
  return tokensIn(tokenFile(env).read());
}

export function isExpired({ expires }: { expires?: string }): boolean {
  // A time that cannot be read is over.
  return expires !== undefined && !(Date.parse(expires) > Date.now());
}

/** Makes a token and keeps its digest; it is never to be seen again. Without a name it is numbered. */
export function createToken(
  env: Env,
  { name, expires }: { name?: string | undefined; expires?: Date | undefined },
): { token: string; stored: StoredToken } {
  const token = makeToken();
  let added: StoredToken | undefined;
  tokenFile(env).change((content) => {
    const tokens = tokensIn(content);
    if (name !== undefined && tokens.some((other) => isSame(other.name, name))) throw taken(name);
    added = {
      name: name ?? freeName(tokens),
      sha256: hash("sha256", token),
      created: new Date().toISOString(),
      ...(expires && { expires: expires.toISOString() }),
    };
    return { version: 1, tokens: [...tokens, added] };
  });
  return { token, stored: added! };
}

/** Forgets a token: from the next request on nobody gets in with it. `undefined`: there is none of that name. */
export function removeToken(env: Env, name: string): StoredToken | undefined {
  const found = storedTokens(env).find((token) => isSame(token.name, name));
  if (found)
    tokenFile(env).change((content) => {
      const others = tokensIn(content).filter((token) => !isSame(token.name, name));
      return { version: 1, tokens: others };
    });
  return found;
}

function tokensIn(content: unknown): StoredToken[] {
  const list = keyOf(content, "tokens");
  return Array.isArray(list) ? list.filter((entry) => v.is(stored, entry)) : [];
}

function freeName(tokens: StoredToken[]): string {
  let number = tokens.length + 1;
  while (tokens.some(({ name }) => isSame(name, `client-${number}`))) number++;
  return `client-${number}`;
}

/** Names that differ in case alone would be mistaken for each other in the log. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function taken(name: string): UsageError {
  const next = `Choose another name, or remove that one first: relay token rm ${name}`;
  return new UsageError(`There is a token named "${name}" already. ${next}`);
}
