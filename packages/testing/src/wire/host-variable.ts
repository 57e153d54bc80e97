import { basename, join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';

/** The one environment variable of a run. */
const name = 'PG_EVICT_HOST';

/** Changes when hosts and workers speak otherwise. */
const protocolVersion = 1;

/** Where the host of a run is. */
export interface HostAddress {
  /** The host's private folder, which no other user may open. */
  readonly folder: string;
  /** Said first: on Windows, a pipe has no folder. */
  readonly secret: string;
}

/**
 * Where the host of the run is that this process belongs to; `undefined` where it belongs to none.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` where it is one of another version of this package
 */
export function readHostVariable(environment: NodeJS.ProcessEnv = process.env): HostAddress | undefined {
  const value = environment[name];
  if (value === undefined || value === '') return undefined;
  const [, version, secret, folder] = /^(\d+):([^:]*):(.*)$/s.exec(value) ?? [];
  if (Number(version) !== protocolVersion || secret === undefined || folder === undefined) {
    throw new PgEvictError('CONFIG_INVALID', `${name} is not of this version of pg-evict.`, {
      hint: 'Install the same version of @pg-evict/testing and of the packages that use it.',
    });
  }
  return { folder, secret };
}

/** The address in the variable. */
export function toHostVariable({ folder, secret }: HostAddress): string {
  return `${protocolVersion}:${secret}:${folder}`;
}

/** Hands an address, as {@link toHostVariable} has it, to the processes that are started with an environment. */
export function setHostVariable(environment: NodeJS.ProcessEnv, value: string): void {
  environment[name] = value;
}

/** Whether this process belongs to a run that has a host. */
export function hasHost(environment: NodeJS.ProcessEnv = process.env): boolean {
  return readHostVariable(environment) !== undefined;
}

/** Takes it from an environment. */
export function removeHostVariable(environment: NodeJS.ProcessEnv): void {
  Reflect.deleteProperty(environment, name);
}

/** The endpoint that the host listens on: a Unix socket, or a named pipe. */
export function socketPath(folder: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, 's');
}
