import { InvalidArgumentError } from 'commander';

/** The process id of a backend. */
export function parsePid(text: string): number {
  const pid = Number(text);
  if (!/^\d{1,10}$/.test(text) || pid < 1 || pid > 2 ** 31 - 1)
    throw new InvalidArgumentError('Write a pid.');
  return pid;
}
