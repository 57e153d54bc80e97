/**
 * The connections that this process makes, and the lines of code that make them. For pg-evict's own packages; loads no
 * driver, so that it can be loaded into any process.
 */
export { PgEvictError } from './contract/error.js';
export { CallTrail, isCalledByProject, lineOf, linesOfStack } from './own-connections/call-trail.js';
export {
  isServer,
  type ServerEndpoint,
  type SocketTarget,
  targetOf,
} from './own-connections/server-endpoint.js';
export { leadsTo, placeOf, type ServerPlace } from './own-connections/server-place.js';
export { isProjectFile, projectLines, type SourceLine } from './own-connections/stack-lines.js';
export { type Startup, watchStartups } from './own-connections/watch-startups.js';
