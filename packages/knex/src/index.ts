export { dropDatabase } from './drop-database.js';
export type { LoadFile, Migrated } from './knex-migrator.js';
export {
  migrateFresh,
  type MigrateFreshOptions,
  type MigrateFreshReport,
  type MigrationCount,
} from './migrate-fresh.js';
export type { PgEvictKnexOptions } from './options.js';
export { recreateDatabase } from './recreate-database.js';
export type { TargetOptions } from './target.js';
export { terminateSessions } from './terminate-sessions.js';
export { withPgEvict } from './with-pg-evict.js';
