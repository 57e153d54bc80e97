import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { type Environment, type LibpqParameters, variableOf } from './libpq-parameters.js';

/**
 * Node's equivalent of libpq's `sslmode` and certificate files; `undefined` if none is set.
 *
 * node-postgres reads `PGSSLMODE` itself, but not the certificate files, and it treats `prefer` and `require` as
 * `verify-full`. These are libpq's variables, so here they mean the same as for psql, with one exception: node-postgres
 * decides on TLS before it connects, so `prefer` is `require` and `allow` is `disable`. TLS in a URL (`?sslmode=`) is
 * not handled here: it means the same as for node-postgres in the application.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export function toTlsOptions(parameters: LibpqParameters, env: Environment): boolean | object | undefined {
  // libpq ignores sslmode on a Unix-domain socket; node-postgres would request TLS there, and be refused. Set
  // explicitly, because otherwise it reads PGSSLMODE itself.
  if (parameters.host?.startsWith('/') === true) return parameters.sslmode === undefined ? undefined : false;
  const mode = parameters.sslmode ?? impliedMode(parameters);
  if (mode === undefined) return undefined;
  if (mode === 'disable' || mode === 'allow') return false;
  const rootFile = fileOf('sslrootcert', 'root.crt', parameters, env);
  const certificates = { ...rootCertificate(rootFile), ...clientCertificate(parameters, env) };
  return { ...certificates, ...checksOf(mode, rootFile !== undefined) };
}

/** Node's settings for the checks of a mode. */
function checksOf(mode: string, hasRoot: boolean): object {
  switch (mode) {
    case 'no-verify':
    case 'prefer':
      return { rejectUnauthorized: false };
    case 'require':
      return hasRoot ? { checkServerIdentity: () => undefined } : { rejectUnauthorized: false };
    case 'verify-ca':
      if (!hasRoot) {
        throw new PgEvictError('CONFIG_INVALID', 'sslmode verify-ca needs a root certificate.', {
          hint: 'Name its file in PGSSLROOTCERT, or use verify-full with a certificate of a public authority.',
        });
      }
      return { checkServerIdentity: () => undefined };
    case 'verify-full':
      return {};
    default:
      throw new PgEvictError('CONFIG_INVALID', 'The sslmode is not one that PostgreSQL knows.', {
        hint: 'PostgreSQL knows disable, allow, prefer, require, verify-ca and verify-full.',
      });
  }
}

/** A root certificate without a mode means that certificates are to be verified. */
function impliedMode({ sslrootcert }: LibpqParameters): string | undefined {
  if (sslrootcert === undefined) return undefined;
  return sslrootcert === 'system' ? 'verify-full' : 'require';
}

const rootCertificate = (file: string | undefined): { ca?: string } =>
  file === undefined || file === 'system' ? {} : { ca: read('sslrootcert', file) };

function clientCertificate(parameters: LibpqParameters, env: Environment): { cert?: string; key?: string } {
  const cert = fileOf('sslcert', 'postgresql.crt', parameters, env);
  if (cert === undefined) return {};
  const key = fileOf('sslkey', 'postgresql.key', parameters, env);
  return { cert: read('sslcert', cert), ...(key === undefined ? {} : { key: read('sslkey', key) }) };
}

/** The file that a parameter names, else libpq's default file if it exists. */
function fileOf(
  keyword: 'sslrootcert' | 'sslcert' | 'sslkey',
  defaultName: string,
  parameters: LibpqParameters,
  env: Environment,
): string | undefined {
  if (parameters[keyword] !== undefined) return parameters[keyword];
  const file = join(env['HOME'] || homedir(), '.postgresql', defaultName);
  return existsSync(file) ? file : undefined;
}

function read(keyword: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The ${keyword} file ${file} cannot be read (${code ?? 'unknown'}).`,
      {
        hint: `PG${keyword.toUpperCase()} or the service file names it.`,
        cause: error,
      },
    );
  }
}

const keywords = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/** The TLS settings of a URL, a service or variables, as libpq's environment variables. The URL comes first. */
export function toTlsEnvironment(parameters: LibpqParameters, url?: string): Record<string, string> {
  const query = new URLSearchParams(url?.split('?')[1]);
  const environment: Record<string, string> = {};
  for (const keyword of keywords) {
    const value = query.get(keyword) ?? parameters[keyword];
    // A mode that only node-postgres knows would make libpq refuse to connect at all.
    if (value && value !== 'no-verify') environment[variableOf(keyword)] = value;
  }
  return environment;
}
