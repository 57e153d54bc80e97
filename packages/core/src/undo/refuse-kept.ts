import { PgEvictError } from '../contract/error.js';
import { readKeptName } from './kept-name.js';

/**
 * Refuses to rename content that is kept for an undo: it rejects all connections, and undo would not find it.
 *
 * @param failure the step that failed, for the message
 * @throws {@link PgEvictError} `REFUSED`
 */
export function refuseKept(names: readonly string[], failure: string): void {
  const kept = names.find((name) => readKeptName(name) !== undefined);
  if (kept === undefined) return;
  throw new PgEvictError('REFUSED', `${failure}: "${kept}" is content that is kept for an undo.`, {
    database: kept,
    hint: 'It rejects all connections. Undo restores it under its own name; a clone of it can have any other name.',
  });
}
