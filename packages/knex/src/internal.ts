/** For our own packages: what fills a database with knex, in whatever process. */
export { planMigrations, type LoadFile, type Migrated } from './migrations/knex-internals.js';
export { migrateSuccessor, type MigrateSuccessorOptions } from './migrations/migrate-successor.js';
