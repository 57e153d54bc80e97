/**
 * Loaded into each Node process that fills a database, by NODE_OPTIONS, before anything else: makes connections fail
 * that would write to the database which is to be replaced, or which must not be touched. A CommonJS module in both
 * builds, because `--require` loads no other; it loads neither a driver nor another module of ours.
 */
import { appendFileSync } from 'node:fs';
import { leadsTo, PgEvictError, watchStartups } from '@pg-evict/core/internal/own-connections';
import type { GuardedFilling, RefusedConnection } from './fill/guarded-filling.cjs';

/** The number of promises whose creating line is remembered; each costs some 5 µs. */
const promises = 50_000;

const fillings = JSON.parse(process.env['PG_EVICT_FILLING'] || '[]') as readonly GuardedFilling[];

if (fillings.length > 0) {
  watchStartups(({ address, database, lines, target }) => {
    for (const { because, forbidden, hint, log } of fillings) {
      const isForbidden = forbidden.some(
        (one) => one.database === database && leadsTo(target, address, one.server),
      );
      if (!isForbidden) continue;
      const [line] = lines;
      const at = line === undefined ? (process.argv[1] ?? process.execPath) : `${line.file}:${line.line}`;
      const refused: RefusedConnection = { database, at };
      appendFileSync(log, `${JSON.stringify(refused)}\n`);
      return new PgEvictError('REFUSED', `${at} connects to database "${database}", ${because}.`, {
        database,
        hint,
      });
    }
    return undefined;
  }, promises);
}
