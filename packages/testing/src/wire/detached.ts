import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlainError } from './protocol.js';

/** What a process is told that is to be the host of a run, as JSON. */
export interface DetachedHost {
  /** The project's folder, where its configuration is looked for. */
  readonly directory: string;
  /** The process that the run ends with. */
  readonly runner: number;
  /** A private folder, where it says how to reach it, and where nobody else begins the same. */
  readonly place: string;
}

/** What the host says in its place: its own pid, and how to reach it or why not. */
export interface DetachedAnswer {
  readonly pid: number;
  /** The value of the run's variable. */
  readonly address?: string;
  readonly error?: PlainError;
}

/** The place of the host for a runner's project. */
export function placeOf(directory: string, runner: number): string {
  const project = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  return join(tmpdir(), `pg-evict-run-${process.getuid?.() ?? 0}-${runner}-${project}`);
}

/** The file of the answer. */
export const answerIn = (place: string): string => join(place, 'host.json');

/** The file of the pid of whoever sees to it that there is an answer. */
export const pidIn = (place: string): string => join(place, 'pid');
