export type { EmbeddedServerOptions } from './embedded/embedded-server-options.js';
export type {
  RestartOptions,
  RunningContainerServer,
  RunningEmbeddedServer,
  RunningServer,
} from './contract/running-server.js';
export { isServerError, ServerError } from './contract/server-error.js';
export type { ServerErrorCode } from './contract/server-error.js';
export { startServer } from './start-server.js';
export type { StartServerOptions } from './start-server.js';
export type { TestcontainersServerOptions } from './testcontainers/testcontainers-server-options.js';
