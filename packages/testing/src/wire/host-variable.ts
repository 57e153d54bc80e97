import { basename, join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';

/** The one environment variable of a run. */
const name = 'PG_EVICT_HOST';

/** Changes when the protocol of hosts and workers changes. */
const protocolVersion = 2;

/** The value once a signal has ended the run. */
const over = 'over';

/** Where the host of a run is. */
export interface HostAddress {
  /** The host's private folder, which no other user may open. */
  readonly folder: string;
  /** Sent first: on Windows, a pipe has no folder. */
  readonly secret: string;
}

/**
 * The address of the host of this process's run; `undefined` if it belongs to none.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if it is one of another version of this package
 */
export function readHostVariable(environment: NodeJS.ProcessEnv = process.env): HostAddress | undefined {
  const value = environment[name];
  if (value === undefined || value === '' || value === over) return undefined;
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

/** Passes an address, from {@link toHostVariable}, to the processes that are started with an environment. */
export function setHostVariable(environment: NodeJS.ProcessEnv, value: string): void {
  environment[name] = value;
}

/** Whether this process belongs to a run that has a host. */
export function hasHost(environment: NodeJS.ProcessEnv = process.env): boolean {
  return readHostVariable(environment) !== undefined;
}

/** Says that a signal has ended the run, so that a worker that starts nevertheless begins no other one. */
export function setRunOver(environment: NodeJS.ProcessEnv): void {
  environment[name] = over;
}

/** Whether a signal has ended the run of this process. */
export function isRunOver(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[name] === over;
}

/** Takes it from an environment, unless it says that the run is over. */
export function removeHostVariable(environment: NodeJS.ProcessEnv): void {
  if (environment[name] !== over) Reflect.deleteProperty(environment, name);
}

/** The endpoint that the host listens on: a Unix socket, or a named pipe. */
export function socketPath(folder: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, 's');
}
