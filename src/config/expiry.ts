const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** When something ends: `12h` and `30d` from now, at the end of a day, or at a time of it; `undefined`: unreadable. */
export function toExpiry(text: string, now: Date): Date | undefined {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (unit) return new Date(now.getTime() + Number(count) * units[unit as keyof typeof units]);

  const [, day, time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?Z?)?$/.exec(text) ?? [];
  // JavaScript would take February 30th for March 2nd.
  if (!day || toDay(Date.parse(day)) !== day) return undefined;
  const date = new Date(day + (time ?? "T00:00"));
  if (!time) date.setDate(date.getDate() + 1);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function toDay(time: number): string | undefined {
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().slice(0, 10);
}
