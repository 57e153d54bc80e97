/** For pg-evict's own packages: functions that fill a database with knex, in any process. */
export { planMigrations, type LoadFile, type Migrated } from './migrations/knex-internals.js';
export { migrateSuccessor, type MigrateSuccessorOptions } from './migrations/migrate-successor.js';
