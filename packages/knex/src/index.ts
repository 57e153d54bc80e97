export { dropDatabase } from './operations.js';
export type { LoadFile, Migrated } from './migrations/knex-internals.js';
export {
  migrateFresh,
  type MigrateFreshOptions,
  type MigrateFreshReport,
  type MigrationCount,
} from './migrations/migrate-fresh.js';
export type { PgEvictKnexOptions } from './client/target.js';
export { recreateDatabase } from './operations.js';
export type { TargetOptions } from './client/target.js';
export { terminateSessions } from './operations.js';
export { withPgEvict } from './with-pg-evict.js';
