import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `30s`, `1.5m`, `1h` or a bare number of milliseconds. */
export function parseDuration(text: string): number {
  const [, number, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = Math.round(Number(number) * (unitsMs[unit] ?? Number.NaN));
  if (!(ms > 0)) throw new InvalidArgumentError('Write a duration like 500ms, 30s, 2m or 1h.');
  return ms;
}
