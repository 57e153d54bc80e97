export type { TestDatabase } from './test-database.js';
