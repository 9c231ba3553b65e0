/** " Did you mean …?" for a name that nobody knows, or nothing when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  if (/api.?key/i.test(name)) return keyIsNoSetting;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 4)) + 1;
  for (const candidate of known) {
    for (const form of [candidate, candidate.replace(/^.*\./, "")]) {
      const distance = editDistance(plain(name), plain(form));
      if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
    }
  }
  return best ? ` Did you mean "${best}"?` : "";
}

const keyIsNoSetting =
  " The key itself is not a setting: put it in OPENAI_API_KEY, or use keyFile or keyCommand.";

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Levenshtein: letters to add, drop or change. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[to.length]!;
}
