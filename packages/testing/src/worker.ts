export { PgEvictError } from '@pg-evict/core';
export { describeLeaks } from './leaks/describe-leaks.js';
export { leakError } from './leaks/leak-error.js';
export { trackTimers, type TimerTrack } from './leaks/track-timers.js';
export type { LeakedSession } from './leaks/inspect-leaks.js';
export type { ServerEndpoint, SocketTarget, SourceLine } from '@pg-evict/core/internal/own-connections';
export {
  unwatched,
  watchSockets,
  type OpenSocket,
  type SocketWatch,
  type WatchSocketsOptions,
} from './leaks/watch-sockets.js';
export type { DatabaseAddress } from './server/database-address.js';
export type { RunSettings } from './database/test-run.js';
export { borrowDatabase, type BorrowDatabaseOptions } from './worker/borrow-database.js';
export type { BorrowedDatabase } from './worker/borrowed-database.js';
export { describeKept } from './worker/describe-kept.js';
export { letGo } from './worker/let-go.js';
export { startDetachedHost, type DetachedHostOptions } from './worker/detached-host.js';
export { borrowForFile, type BorrowForFileOptions } from './worker/borrow-for-file.js';
export { type FileDatabase, type GivenBack } from './worker/file-database.js';
export { printedError } from './worker/printed-error.js';
export { readFileSettings, type FileSettings } from './worker/file-settings.js';
export { tell } from './captured/streams.js';
export { hasHost, isRunOver, setHostVariable } from './wire/host-variable.js';
export { knownProjects } from './worker/thread.js';
export { leftRuns } from './worker/left-runs.js';
export { endFile } from './worker/end-file.js';
export { resetDatabase } from './worker/reset-database.js';
