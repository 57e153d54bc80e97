export type { Blocker, BlockerKind } from './contract/blocker.js';
export { cloneDatabase, type CloneDatabaseOptions } from './operations/clone-database.js';
export { createDatabase, type CreateDatabaseOptions } from './operations/create-database.js';
export type { DatabaseAccess } from './exclusive-access/access.js';
export type { DeadlineOptions } from './contract/deadline.js';
export { diagnose, type DiagnoseOptions, type Diagnosis } from './inspection/diagnose.js';
export { describeDatabase, type DatabaseDescription } from './inspection/describe-database.js';
export { examineConnection, type ConnectionFacts } from './inspection/examine-connection.js';
export { dropDatabase, type DropDatabaseOptions } from './operations/drop-database.js';
export {
  withExclusiveAccess,
  type ExclusiveAccess,
  type ExclusiveAccessOptions,
  type ExclusiveAccessReport,
} from './operations/with-exclusive-access.js';
export { findLeftovers, repairDatabase, type AbandonedLeftover } from './operations/repair-database.js';
export { locateServer, type ServerLocation } from './connection/locate-server.js';
export { listRelations, type Relation } from './inspection/list-relations.js';
export { listSessions, type ListSessionsOptions } from './sessions/list-sessions.js';
export type {
  KeptContent,
  Leftover,
  NotCarriedOver,
  OperationReport,
  PoolerReport,
  Standby,
  UndoneContent,
  TerminationReport,
} from './contract/report.js';
export type { OperationOptions, OperationStep, UndoOptions } from './contract/options.js';
export {
  isPgEvictError,
  PgEvictError,
  type PgEvictErrorCode,
  type PgEvictErrorFacts,
} from './contract/error.js';
export { protectDatabase, unprotectDatabase, type ProtectionReport } from './inspection/protect-database.js';
export type { Queryable } from './connection/queryable.js';
export { recreateDatabase } from './operations/recreate-database.js';
export type { RecreateDatabaseOptions } from './successor/recreate-options.js';
export { redactQuery } from './text/redact-query.js';
export type { RemedyOptions } from './eviction/remove-blockers.js';
export { renameDatabase } from './operations/rename-database.js';
export type { DeniedSession, Session } from './contract/session.js';
export type { OneOrMore, SessionFilter, SessionPattern } from './contract/session.js';
export { sessionSettings } from './connection/session-settings.js';
export type { Trace } from './connection/trace.js';
export { findKeptDatabases, type KeptDatabase } from './undo/find-kept-databases.js';
export { undoDatabase, type UndoDatabaseOptions } from './operations/undo-database.js';
export { swapDatabase } from './operations/swap-database.js';
export type { ConnectionSettings } from './connection/flatten-connection.js';
export type { Pooler, ProtectPattern, Target } from './connection/target.js';
export { terminateSessions, type TerminateSessionsOptions } from './sessions/terminate-sessions.js';

// Exports that only pg-evict's own packages use are in `@pg-evict/core/internal` now.
export {
  /** @deprecated Not part of the public API. */
  assertOptions,
  /** @deprecated Not part of the public API. */
  type KnownOptions,
} from './contract/options.js';
export {
  /** @deprecated Not part of the public API. */
  executeExclusively,
  /** @deprecated Not part of the public API. */
  type ExclusiveStatementRequest,
} from './operations/execute-exclusively.js';
export {
  /** @deprecated Not part of the public API. */
  flattenConnection,
} from './connection/flatten-connection.js';
export {
  /** @deprecated Not part of the public API. */
  quoteIdentifier,
} from './text/quote.js';
