/** The parts of core and config that the commands use. Only commands may import this: it loads the driver. */
export {
  cloneDatabase,
  createDatabase,
  describeDatabase,
  diagnose,
  dropDatabase,
  examineConnection,
  findLeftovers,
  isPgEvictError,
  listSessions,
  locateServer,
  PgEvictError,
  protectDatabase,
  recreateDatabase,
  redactQuery,
  renameDatabase,
  repairDatabase,
  terminateSessions,
  unprotectDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
export { initConfig, loadConfig, loadKnexfile, resolveTarget } from '@pg-evict/config';
export { sweepTestDatabases } from '@pg-evict/testing';
