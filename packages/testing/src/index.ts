export { acquireDatabase, type AcquireOptions } from './database/acquire-database.js';
export { beginHost, endHost, type BeginHostOptions, type TestHost } from './host/host.js';
export { endRun, type EndRunOptions } from './run/end-run.js';
export { joinRun, type JoinRunOptions } from './run/join-run.js';
export { describeLeaks } from './leaks/describe-leaks.js';
export { inspectLeaks, type InspectLeaksOptions, type LeakedSession } from './leaks/inspect-leaks.js';
export type { ServerEndpoint, SocketTarget, SourceLine } from '@pg-evict/core/internal/own-connections';
export {
  unwatched,
  watchSockets,
  type OpenSocket,
  type SocketWatch,
  type WatchSocketsOptions,
} from './leaks/watch-sockets.js';
export { planDatabase, type PlannedDatabase } from './database/plan-database.js';
export { releaseDatabase, type ReleaseOptions } from './database/release-database.js';
export { resetDatabase, type ResetOptions, type ResetReport } from './database/reset-database.js';
export { startRun, type StartRunOptions } from './run/start-run.js';
export {
  sweepTestDatabases,
  type SweepOptions,
  type SweepReport,
  type Unswept,
} from './run/sweep-test-databases.js';
export type { Template } from './template/template.js';
export type { TestDatabase } from './database/test-database.js';
export type { DatabaseAddress } from './server/database-address.js';
export type { RunInvitation, RunSettings, TestRun } from './database/test-run.js';
export type { TestServer } from './server/test-server.js';
