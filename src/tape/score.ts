/** What became of the requests that a tape was asked for. */
export type Score = {
  replayed: number;
  missed: number;
  recorded: number;
  /** Exchanges that could not be recorded. */
  lost: number;
  /** Recordings that nobody has asked for. */
  unused(): string[];
};

/** One line for people. */
export function toText(score: Score, isReplaying: boolean): string {
  const { replayed, missed, recorded, lost } = score;
  const parts = isReplaying
    ? [`${replayed} replayed`, `${missed} missed`, `${score.unused().length} unused`]
    : [];
  if (recorded > 0 || !isReplaying) parts.push(`${recorded} recorded`);
  if (lost > 0) parts.push(`${lost} not recorded`);
  return `relay: tape: ${parts.join(", ")}\n`;
}
