import { InvalidArgumentError } from 'commander';

/** Collects a repeatable option whose value is a comma-separated list. */
export function parseList(text: string, previous: readonly string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.includes('')) throw new InvalidArgumentError('There is an empty value in the list.');
  return [...previous, ...words];
}
