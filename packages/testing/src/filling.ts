/** For our own packages: filling a database in a process of its own. */
export { FillingGuard, type Guarded } from './fill/guard.js';
export type { CommandJob, FilledByKnex, KnexJob } from './fill/job.js';
export { openProjectKnex, type ProjectKnex, projectKnexConfig } from './fill/project-knex.js';
export { runFillingProcess, type FillingProcessOptions } from './fill/run-filling-process.js';
export { addressOf } from './server/database-address.js';
