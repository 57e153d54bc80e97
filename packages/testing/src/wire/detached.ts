import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlainError } from './protocol.js';

/** The request to a process that is to be the host of a run, as JSON. */
export interface DetachedHost {
  /** The project's folder, where its configuration is looked for. */
  readonly directory: string;
  /** The process that the run ends with. */
  readonly runner: number;
  /** A private folder, in which the host writes its address, and in which no other user can start the same. */
  readonly place: string;
}

/** The file that the host writes there: its own pid, and its address or its error. */
export interface DetachedAnswer {
  readonly pid: number;
  /** The value of the run's variable. */
  readonly address?: string;
  readonly error?: PlainError;
}

const prefix = `pg-evict-run-${process.getuid?.() ?? 0}-`;

/**
 * A place of the host for a runner's project. Should that host die before its runner, the next one has the next place:
 * nobody who finds it dead then takes away what somebody else has just begun.
 *
 * @param turn how many hosts there were before
 */
export function placeOf(directory: string, runner: number, turn: number): string {
  const project = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  return join(tmpdir(), `${prefix}${runner}-${project}-${turn}`);
}

/** A place, and those of the hosts before it. */
export function placesUpTo(place: string): string[] {
  const [, base = '', turn = ''] = /^(.*-)(\d+)$/s.exec(place) ?? [];
  return Array.from({ length: Number(turn) + 1 }, (_, n) => `${base}${n}`);
}

/** All places of this user on this machine, each with its runner. */
export function allPlaces(): { readonly place: string; readonly runner: number }[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ place: join(tmpdir(), name), runner: Number.parseInt(name.slice(prefix.length), 10) }));
}

/** The file of the answer. */
export const answerIn = (place: string): string => join(place, 'host.json');

/** The file with the pid of the process that takes care of an answer. */
export const pidIn = (place: string): string => join(place, 'pid');
