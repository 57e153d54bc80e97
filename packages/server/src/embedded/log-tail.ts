import { readFile } from 'node:fs/promises';

const lastLines = 12;

/** The last lines of a server's log, indented to follow a message; empty when there is none. */
export async function logTail(file: string, secret: string): Promise<string> {
  const log = await readFile(file, 'utf8').catch(() => '');
  const lines = log.replaceAll(secret, '********').split('\n').filter(Boolean).slice(-lastLines);
  return lines.length === 0 ? '' : `\n  ${lines.join('\n  ')}`;
}

/** Whether a log says that the disk was full. */
export function saysDiskFull(log: string): boolean {
  return log.includes('No space left on device') || log.includes('Disk quota exceeded');
}
