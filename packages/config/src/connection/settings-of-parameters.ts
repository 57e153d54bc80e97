import { userInfo } from 'node:os';
import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import type { Environment, LibpqParameters } from './libpq-parameters.js';
import { toTlsOptions } from './tls.js';

/**
 * node-postgres's settings for libpq's parameters.
 *
 * @throws PgEvictError `CONFIG_INVALID` for a port, a timeout or a TLS setting that is malformed
 */
export function settingsOfParameters(parameters: LibpqParameters, env: Environment): ConnectionSettings {
  return definedFields({
    host: parameters.host,
    port: parsePort(parameters.port),
    // node-postgres falls back to $USER, which `runuser`, containers and cron leave wrong or empty.
    user: parameters.user ?? systemUser(env),
    password: parameters.password,
    database: parameters.dbname,
    ssl: toTlsOptions(parameters, env),
    options: parameters.options,
    application_name: parameters.application_name,
    connectionTimeoutMillis: parseSeconds(parameters.connect_timeout),
  });
}

function parsePort(port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  const number = Number(port);
  if (/^\d+$/.test(port) && number > 0 && number < 65_536) return number;
  // A password may have been put into the wrong variable.
  const shown = /^[-+.,\d]{1,12}$/.test(port) ? `"${port}"` : 'The given port';
  throw new PgEvictError('CONFIG_INVALID', `${shown} is not a port.`, {
    hint: 'PGPORT or the service file gives it; write a number from 1 to 65535.',
  });
}

function parseSeconds(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (!/^-?\d+$/.test(seconds)) {
    throw new PgEvictError('CONFIG_INVALID', 'connect_timeout is not a number.', {
      hint: 'PGCONNECT_TIMEOUT or the service file gives it; write a number of seconds.',
    });
  }
  // libpq waits forever for 0 and less, and treats 1 as 2.
  return Number(seconds) > 0 ? Math.max(2, Number(seconds)) * 1000 : undefined;
}

function systemUser(env: Environment): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A uid without an account, as in some containers.
    return env['USER'] || undefined;
  }
}

/** An object without the fields that are `undefined`. */
export function definedFields<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
