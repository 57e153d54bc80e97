import { InvalidArgumentError } from 'commander';

/** How many jobs work at once. */
export function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!/^\d{1,3}$/.test(text) || jobs < 1) throw new InvalidArgumentError('Write a number from 1 to 999.');
  return jobs;
}
