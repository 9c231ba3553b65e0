/** A piece of two texts: in both, only in the first, or only in the second. */
export type Change = { kind: "same" | "removed" | "added"; text: string };

/** Differences beyond which pieces are no longer put beside each other. */
const most = 1_000;

/** Two texts line by line, and lines that differ word by word where that says more. */
export function diffTexts(a: string, b: string): Change[] {
  const lines = diffTokens(linesOf(a), linesOf(b));
  const changes = lines.flatMap((change, i): Change[] => {
    const [before, after] = [lines[i - 1], lines[i + 1]];
    if (change.kind === "added" && before?.kind === "removed") return [];
    if (change.kind !== "removed" || after?.kind !== "added") return [change];
    return inWords(change, after);
  });
  return merged(changes);
}

/** Two texts word by word, unless hardly anything is left of the first. */
function inWords(removed: Change, added: Change): Change[] {
  const words = diffTokens(wordsOf(removed.text), wordsOf(added.text));
  const same = words.reduce((sum, { kind, text }) => sum + (kind === "same" ? text.length : 0), 0);
  return same * 3 < Math.min(removed.text.length, added.text.length) ? [removed, added] : words;
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

/** The shortest way from one list to the other (Myers, "An O(ND) difference algorithm"). */
function diffTokens(a: readonly string[], b: readonly string[]): Change[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const room = Math.min(a.length, b.length) - start;
  while (end < room && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return merged([
    { kind: "same", text: a.slice(0, start).join("") },
    ...middle(left, right),
    { kind: "same", text: a.slice(a.length - end).join("") },
  ]);
}

function middle(a: readonly string[], b: readonly string[]): Change[] {
  const limit = Math.min(most, a.length + b.length);
  // How far each diagonal was followed, by its number and `limit`; one such list for each round.
  const rounds: Int32Array[] = [];
  const reached = new Int32Array(2 * limit + 3);
  for (let steps = 0; steps <= limit; steps++) {
    rounds.push(reached.slice());
    for (let k = -steps; k <= steps; k += 2) {
      const at = k + limit + 1;
      let x = isDown(reached, at, k, steps) ? reached[at + 1]! : reached[at - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reached[at] = x;
      if (x >= a.length && x - k >= b.length) return walkedBack(a, b, rounds, limit);
    }
  }
  return [
    { kind: "removed", text: a.join("") },
    { kind: "added", text: b.join("") },
  ];
}

function isDown(reached: Int32Array, at: number, k: number, steps: number): boolean {
  return k === -steps || (k !== steps && reached[at - 1]! < reached[at + 1]!);
}

function walkedBack(
  a: readonly string[],
  b: readonly string[],
  rounds: readonly Int32Array[],
  limit: number,
): Change[] {
  const changes: Change[] = [];
  let [x, y] = [a.length, b.length];
  for (let steps = rounds.length - 1; steps > 0; steps--) {
    const reached = rounds[steps]!;
    const k = x - y;
    const before = isDown(reached, k + limit + 1, k, steps) ? k + 1 : k - 1;
    const fromX = reached[before + limit + 1]!;
    while (x > fromX && y > fromX - before) {
      changes.push({ kind: "same", text: a[--x]! });
      y--;
    }
    if (before === k + 1) changes.push({ kind: "added", text: b[--y]! });
    else changes.push({ kind: "removed", text: a[--x]! });
  }
  while (x > 0) changes.push({ kind: "same", text: a[--x]! });
  return changes.reverse();
}

/** Neighbours of one kind in one, what was removed in front of what was added. */
function merged(changes: readonly Change[]): Change[] {
  const found: Change[] = [];
  let [removed, added] = ["", ""];
  const flush = () => {
    if (removed) found.push({ kind: "removed", text: removed });
    if (added) found.push({ kind: "added", text: added });
    [removed, added] = ["", ""];
  };
  for (const { kind, text } of changes) {
    if (text === "") continue;
    if (kind === "removed") removed += text;
    else if (kind === "added") added += text;
    else {
      flush();
      const last = found.at(-1);
      if (last?.kind === "same") last.text += text;
      else found.push({ kind, text });
    }
  }
  flush();
  return found;
}
