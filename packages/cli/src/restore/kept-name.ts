import { maxNameBytes } from '@pg-evict/core/internal/text';
import { StringDecoder } from 'node:string_decoder';

/**
 * The name of a database that is kept beside its successor: `app_old_20260131_235959`, in UTC. A name that is too long
 * is cut between two characters.
 */
export function keptName(database: string, now: Date): string {
  const [date = '', time = ''] = now.toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  const suffix = `_old_${date}_${time}`;
  // It gives whole characters only.
  const name = new StringDecoder('utf8').write(
    Buffer.from(database).subarray(0, maxNameBytes - suffix.length),
  );
  return `${name}${suffix}`;
}
