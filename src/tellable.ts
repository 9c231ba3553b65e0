/** What OpenAI's ids begin with. Nothing that begins otherwise is taken for one. */
const id =
  /^(?:asst|batch|cert|cfile|chatcmpl|cmpl|cntr|conv|evalrun|eval|fc|file|ft(?:job|event|ckpt)|group|invite|item|mem|msg|org|part|proj|resp|role|rs|rtc|run|skill|step|thread|upload|user|video|vsfb|vs|wh)[-_][A-Za-z0-9]{1,80}$/;

/** The forms of OpenAI's keys, client secrets and session tokens, and of the relay's own tokens. */
const credential = /(?:^|[^A-Za-z0-9])(?:sk[-_]|ek[-_]|sess[-_]|relay_)/i;

/** A word, or a number or abbreviation such as `4o`, `2024` or `v1`: too short to be a secret. */
const part = /^(?:[a-z]{0,32}|[A-Za-z]{0,20}|[A-Za-z0-9]{0,8})$/;

/** Characters of a word that may stand in parts with digits. */
const most = 20;

/** Keys and tokens in use that look like plain words. */
const secrets = new Set<string>();

const inUse = new Set<string>();

/** Every key and token that this process holds. */
export const secretsInUse: ReadonlySet<string> = inUse;

/** Words that were found plain: most come again and again. */
const known = new Set<string>();

/** Never tells this secret, even where it looks like a plain word. */
export function keepSecret(secret: string): void {
  if (secret !== "") inUse.add(secret);
  if (secret === "" || !isPlain(secret)) return;
  secrets.add(secret);
  known.clear();
}

/**
 * What somebody else has sent, as the log and messages may repeat it: plain words, short numbers and
 * OpenAI's ids. All else, which may be a secret or be meant for the terminal, is shown as `…`.
 */
export function tellable(text: string): string {
  return text.slice(0, 512).replace(/[^/,; ]+/g, (word) => (isKnown(word) ? word : "…"));
}

function isKnown(word: string): boolean {
  if (known.has(word)) return true;
  const plain = isPlain(word);
  // Strangers choose these words: neither many nor long ones may stay in memory.
  if (plain && known.size < 1_000 && word.length <= 32) known.add(word);
  return plain;
}

function isPlain(word: string): boolean {
  for (const secret of secrets) if (word.includes(secret)) return false;
  if (id.test(word)) return true;
  if (!/^[\w.:*[\]-]+$/.test(word) || credential.test(word)) return false;
  const parts = word.split(/[^A-Za-z0-9]+/);
  const numbers = parts.filter((one) => /\d/.test(one)).join("");
  return numbers.length <= most && parts.every((one) => part.test(one));
}
