export type { TestDatabase } from './test-database.js';
export { describeLeaks } from './leaks/describe-leaks.js';
export { inspectLeaks, type InspectLeaksOptions, type LeakedSession } from './leaks/inspect-leaks.js';
export type { ServerEndpoint, SocketTarget } from './leaks/server-endpoint.js';
export type { SourceLine } from './leaks/source-line.js';
export {
  unwatched,
  watchSockets,
  type OpenSocket,
  type SocketWatch,
  type WatchSocketsOptions,
} from './leaks/watch-sockets.js';
