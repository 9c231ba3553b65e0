/** The upstream as configured, taken apart once. */
export type Base = {
  /** `https://host:port`. */
  origin: string;
  /** Path in front of every target, without a slash at its end. */
  prefix: string;
  /** The prefix ends with `/v1`, or there is none and `/v1` is implied. */
  versioned: boolean;
};

/** Takes `upstream` apart: `https://api.openai.com`, `https://host/prefix/v1`, with or without a final slash. */
export function toBase(upstream: string): Base {
  const url = new URL(upstream);
  const path = url.pathname.replace(/\/+$/, "");
  const prefix = path === "" ? "/v1" : path;
  return { origin: url.origin, prefix, versioned: prefix.endsWith("/v1") };
}

/** Puts the client's path and query below the base, byte for byte; a leading `/v1` is never doubled. */
export function joinTarget(base: Base, target: string): string {
  return base.prefix + (base.versioned && hasVersion(target) ? target.slice(3) : target);
}

/** The path as OpenAI's documentation writes it, `/v1` included, without its query. */
export function toOperationPath(target: string): string {
  const path = target.split("?", 1)[0]!;
  return hasVersion(path) ? path : `/v1${path}`;
}

function hasVersion(target: string): boolean {
  if (!target.startsWith("/v1")) return false;
  const next = target[3];
  return next === undefined || next === "/" || next === "?";
}
