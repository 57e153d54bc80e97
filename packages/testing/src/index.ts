export { acquireDatabase, type AcquireOptions } from './acquire-database.js';
export { endRun, type EndRunOptions } from './end-run.js';
export { joinRun, type JoinRunOptions } from './join-run.js';
export { describeLeaks } from './leaks/describe-leaks.js';
export { inspectLeaks, type InspectLeaksOptions, type LeakedSession } from './leaks/inspect-leaks.js';
export { listLeaks } from './leaks/list-leaks.js';
export type { ServerEndpoint, SocketTarget } from './leaks/server-endpoint.js';
export type { SourceLine } from './leaks/source-line.js';
export {
  unwatched,
  watchSockets,
  type OpenSocket,
  type SocketWatch,
  type WatchSocketsOptions,
} from './leaks/watch-sockets.js';
export { planDatabase, type PlannedDatabase } from './plan-database.js';
export { releaseDatabase, type ReleaseOptions } from './release-database.js';
export { resetDatabase, type ResetOptions, type ResetReport } from './reset-database.js';
export { startRun, type StartRunOptions } from './start-run.js';
export { startTestServer, type TestServerSettings } from './start-test-server.js';
export {
  sweepTestDatabases,
  type SweepOptions,
  type SweepReport,
  type Unswept,
} from './sweep-test-databases.js';
export type { Template } from './template.js';
export type { TestDatabase } from './test-database.js';
export type { DatabaseAddress } from './test-environment.js';
export type { RunInvitation, RunSettings, TestRun } from './test-run.js';
export type { TestServer } from './test-server.js';
