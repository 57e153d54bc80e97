export type { Blocker, BlockerKind } from './blocker.js';
export { assertOptions, type KnownOptions } from './assert-options.js';
export { cloneDatabase, type CloneDatabaseOptions } from './clone-database.js';
export { createDatabase, type CreateDatabaseOptions } from './create-database.js';
export type { DatabaseAccess } from './database-access.js';
export type { DeadlineOptions } from './deadline.js';
export { diagnose, type DiagnoseOptions, type Diagnosis } from './diagnose.js';
export { describeDatabase, type DatabaseDescription } from './describe-database.js';
export { examineConnection, type ConnectionFacts } from './examine-connection.js';
export { dropDatabase, type DropDatabaseOptions } from './drop-database.js';
export {
  withExclusiveAccess,
  type ExclusiveAccess,
  type ExclusiveAccessOptions,
  type ExclusiveAccessReport,
} from './with-exclusive-access.js';
export { quoteIdentifier } from './identifier.js';
export { findLeftovers, repairDatabase, type AbandonedLeftover } from './leftovers.js';
export { executeExclusively, type ExclusiveStatementRequest } from './execute-exclusively.js';
export { locateServer, type ServerLocation } from './locate-server.js';
export { listRelations, type Relation } from './list-relations.js';
export { listSessions, type ListSessionsOptions } from './list-sessions.js';
export type {
  Leftover,
  NotCarriedOver,
  OperationOptions,
  OperationReport,
  OperationStep,
  TerminationReport,
} from './operation-report.js';
export {
  isPgEvictError,
  PgEvictError,
  type PgEvictErrorCode,
  type PgEvictErrorFacts,
} from './pg-evict-error.js';
export { protectDatabase, unprotectDatabase, type ProtectionReport } from './protect-database.js';
export type { Queryable } from './queryable.js';
export { recreateDatabase, type RecreateDatabaseOptions } from './recreate-database.js';
export { redactQuery } from './redact-query.js';
export type { RemedyOptions } from './remove-blockers.js';
export { renameDatabase } from './rename-database.js';
export type { DeniedSession, Session } from './session.js';
export type { OneOrMore, SessionFilter, SessionPattern } from './session-filter.js';
export { sessionSettings } from './session-settings.js';
export { swapDatabase } from './swap-database.js';
export { flattenConnection, type ConnectionSettings, type ProtectPattern, type Target } from './target.js';
export { terminateSessions, type TerminateSessionsOptions } from './terminate-sessions.js';
