const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of `500ms`, `30s`, `1.5m`, `2h` or `1d`; `NaN` for a text that is not a duration.
 *
 * @param bare the unit of a number without one. If it is left out, such a number is not a duration
 */
export function durationMs(text: string, bare = ''): number {
  const [, number, unit = bare] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  return Math.round(Number(number) * (unitsMs[unit] ?? Number.NaN));
}

/** The longest time that something is kept: a hundred years. It goes into a name, and has to be a date. */
export const longestUndoMs = 36_525 * 86_400_000;
