import { recreateDatabase } from '@pg-evict/core';
import { rotate } from './rotate.mjs';
import { time } from './time.mjs';

/** What is replaced is dropped at once, or kept, and then what was kept before it is dropped. */
const methods = [
  { method: 'without undo', options: {} },
  { method: 'with undo', options: { undoMs: 3_600_000 } },
];

/**
 * A recreate with undo beside one without, in pairs that take turns. With undo there is always an earlier content to be
 * dropped: both drop one database.
 */
export async function measureUndo({ maintenance }, { pairs }, progress) {
  const samples = [];
  const databases = new Map(methods.map(({ method }, at) => [method, `bench_undo_${at}`]));
  const recreate = async ({ method, options }) =>
    recreateDatabase(
      { connection: maintenance, database: databases.get(method) },
      { ...options, ifNotExists: true },
    );
  // Twice: the first makes the database, the second has something to keep.
  for (const each of [...methods, ...methods]) await recreate(each);
  for (let pair = -3; pair < pairs; pair += 1) {
    progress.show(`pair ${Math.max(1, pair + 1)} of ${pairs}`);
    for (const each of rotate(methods, pair + 3)) {
      const sample = await time(async () => recreate(each));
      if (pair >= 0) samples.push({ method: each.method, pair, ...sample });
    }
  }
  return samples;
}
