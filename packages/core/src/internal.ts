/** Shared by pg-evict's own packages. Not part of the public API: it can change in any version without notice. */
export * from './internal-text.js';
export { connectionHint } from './connection/connection-hint.js';
export { assertOneHost, flattenConnection } from './connection/flatten-connection.js';
export { maintenanceDatabasesOf } from './connection/target.js';
export { onMaintenanceDatabase } from './connection/maintenance.js';
export {
  connectionParameters,
  databaseUrl,
  databaseVariables,
  misleadingVariables,
} from './connection/url.js';
export { copiesFilesSql } from './database/copies-files.js';
export { deadlineOf, outsideDeadline, sharedDeadline } from './contract/deadline.js';
export { ofCommand } from './contract/command.js';
export { assertOptions, assertWaits, type KnownOptions } from './contract/options.js';
export { errorCodeOf, hintOf, isConnectionLost, sqlStateOf } from './contract/server-error.js';
export { testedMajors } from './contract/tested-majors.js';
export { copyProgress, type CopyProgress } from './inspection/copy-progress.js';
export { listDatabases } from './inspection/list-databases.js';
export { findPausedAliases, resumePausedAliases } from './operations/paused-aliases.js';
export type { PausedPoolerAlias } from './poolers/paused-aliases.js';
export { dropExpiredDatabases } from './operations/drop-expired-databases.js';
export { executeExclusively, type ExclusiveStatementRequest } from './operations/execute-exclusively.js';
export { rawText, readRawText } from './connection/raw-text.js';
