export type { ConnectionOrigins } from './connection-origins.js';
export {
  resolveConnection,
  type ConnectionSource,
  type ResolveConnectionOptions,
  type ResolvedConnection,
} from './resolve-connection.js';
