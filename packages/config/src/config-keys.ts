import type { Config } from './config.js';

/** Complete, or it does not compile. */
const keys: Readonly<Record<keyof Config, true>> = {
  $schema: true,
  connection: true,
  admin: true,
  maintenanceDatabase: true,
  knexfile: true,
  protect: true,
  sessions: true,
  testing: true,
};

/** The keys of a configuration, known without loading the schema. */
export const configKeys = Object.keys(keys) as readonly (keyof Config)[];
