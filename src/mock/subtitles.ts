/** A text as subtitles of so many seconds; `undefined` when the format is none of theirs. */
export function toSubtitles(format: string, text: string, seconds: number): string | undefined {
  if (format === "srt") return `1\n${time(0, ",")} --> ${time(seconds, ",")}\n${text}\n\n`;
  if (format === "vtt") return `WEBVTT\n\n${time(0, ".")} --> ${time(seconds, ".")}\n${text}\n\n`;
  return undefined;
}

function time(seconds: number, point: string): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [hours, minutes, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}${point}000`;
}
