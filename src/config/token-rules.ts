import { isExpired, storedTokens } from "./client-tokens.ts";
import { isLoopback } from "./loopback.ts";
import type { Config } from "./settings.ts";

type Env = NodeJS.ProcessEnv;

/** Whether a request must carry a client token: always where others can reach the relay. */
export function wantsToken(config: Config): boolean {
  return config.requireToken || config.tokens.length > 0 || isWide(config);
}

/** What of a relay that others can reach is too little protection, by setting. */
export function tokenComplaints(config: Config, env: Env): ["host" | "tokens", string][] {
  if (!isWide(config)) return [];
  if (!hasToken(config, env)) return [["host", noToken]];
  return config.tokens.some(isGuessable) ? [["tokens", guessable]] : [];
}

/** What is allowed, but likely not meant. */
export function tokenRemarks(config: Config, env: Env): string[] {
  const remarks: string[] = [];
  if (config.tokens.some(isGuessable)) remarks.push(`tokens: ${guessable}`);
  if (config.requireToken && !hasToken(config, env))
    remarks.push('There is no client token, so every request is refused: run "relay token new".');
  return remarks;
}

function isWide({ host, socket }: Config): boolean {
  return socket === "" && !isLoopback(host);
}

/** Whether there is one that would let somebody in. */
function hasToken({ tokens }: Config, env: Env): boolean {
  return tokens.length > 0 || storedTokens(env).some((token) => !isExpired(token));
}

function isGuessable(token: string): boolean {
  return token.length < 16 || new Set(token).size < 8;
}

const noToken =
  'others could reach the relay and spend your key. Make tokens that clients must show ("relay token new", or RELAY_TOKENS), or listen on 127.0.0.1.';

const guessable =
  'one of them could be guessed: take 16 characters or more, 8 of them different. "relay token new" makes such.';
