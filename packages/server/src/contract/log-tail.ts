import { readFile } from 'node:fs/promises';

const lastLines = 12;

/** The last lines of a server's log file, indented to follow a message; empty when there is none. */
export async function logTail(file: string, secret: string): Promise<string> {
  return tailOf(await readFile(file, 'utf8').catch(() => ''), secret);
}

/** The last lines of a log, without the secret, indented to follow a message. */
export function tailOf(log: string, secret: string): string {
  const lines = log.replaceAll(secret, '********').split('\n').filter(Boolean).slice(-lastLines);
  return lines.length === 0 ? '' : `\n  ${lines.join('\n  ')}`;
}

/** Whether a log says that the disk was full. */
export function saysDiskFull(log: string): boolean {
  return log.includes('No space left on device') || log.includes('Disk quota exceeded');
}
