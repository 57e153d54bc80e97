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
  findKeptDatabases,
  locateServer,
  PgEvictError,
  protectDatabase,
  recreateDatabase,
  redactQuery,
  renameDatabase,
  repairDatabase,
  swapDatabase,
  terminateSessions,
  undoDatabase,
  unprotectDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
export {
  deadlineOf,
  dropExpiredDatabases,
  findPausedAliases,
  ofCommand,
  outsideDeadline,
  resumePausedAliases,
  sharedDeadline,
  testedMajors,
} from '@pg-evict/core/internal';
export { initConfig, loadConfig, loadKnexfile, resolveTarget } from '@pg-evict/config';
export { describeConnectionOrigin } from '@pg-evict/config/internal';
export { sweepTestDatabases } from '@pg-evict/testing';
