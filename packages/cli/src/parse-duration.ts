import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `500ms`, `30s`, `1.5m`, `1h` or a bare number of milliseconds. */
export function parseDuration(text: string): number {
  const ms = parse(text, 'ms');
  if (!(ms > 0)) throw new InvalidArgumentError('Write a duration like 500ms, 30s, 2m or 1h.');
  return ms;
}

/**
 * Milliseconds of `0`, `30s`, `5m`, `2h` or `1d`. A bare number is refused: whoever writes `--older-than 5` does not
 * mean milliseconds, and would end everybody.
 */
export function parseAge(text: string): number {
  const ms = text.trim() === '0' ? 0 : parse(text);
  if (!(ms >= 0)) throw new InvalidArgumentError('Write a duration with its unit, like 30s, 5m, 2h or 1d.');
  return ms;
}

function parse(text: string, defaultUnit = ''): number {
  const [, number, unit = defaultUnit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  return Math.round(Number(number) * (unitsMs[unit] ?? Number.NaN));
}
