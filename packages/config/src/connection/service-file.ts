import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import {
  type Environment,
  type LibpqKeyword,
  libpqKeywords,
  type LibpqParameters,
} from './libpq-parameters.js';

/** libpq knows these, and they do not change the server or the database, so they are ignored. */
const ignoredKeywords = new Set([
  'client_encoding',
  'fallback_application_name',
  'gssdelegation',
  'gssencmode',
  'gsslib',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'krbsrvname',
  'load_balance_hosts',
  'sslcompression',
  'sslcrl',
  'sslcrldir',
  'sslsni',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
  'target_session_attrs',
  'tcp_user_timeout',
]);

const isKeyword = (name: string): name is LibpqKeyword => (libpqKeywords as readonly string[]).includes(name);

/**
 * Finds a service where libpq looks for it: `PGSERVICEFILE`, else `~/.pg_service.conf` (on Windows
 * `%APPDATA%\postgresql\.pg_service.conf`), then `pg_service.conf` in `PGSYSCONFDIR`.
 *
 * libpq's compiled-in system directory is not searched, because only libpq knows it.
 */
export async function readService(
  service: string,
  env: Environment,
): Promise<{ file: string; parameters: LibpqParameters }> {
  const files = serviceFiles(env);
  for (const { file, required } of files) {
    const text = await readServiceFile(file, required);
    const parameters = text === undefined ? undefined : parseServiceFile(text, service, file);
    if (parameters !== undefined) return { file, parameters };
  }
  throw new PgEvictError('CONFIG_INVALID', `The connection service "${service}" is not defined.`, {
    hint: `Looked in: ${files.map(({ file }) => file).join(', ')}. PGSERVICEFILE names another file.`,
  });
}

/**
 * The parameters of one service, `undefined` when the file does not define it. The format is libpq's
 * (`parseServiceFile()` in `src/interfaces/libpq/fe-connect.c`): `[name]`, then `keyword=value`; no quoting, no
 * spaces around `=`; `#` begins a comment only at the start of a line; the first of two equal keywords counts.
 */
function parseServiceFile(text: string, service: string, file: string): LibpqParameters | undefined {
  let parameters: LibpqParameters | undefined;
  for (const [index, rawLine] of text.split('\n').entries()) {
    const line = rawLine.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (parameters !== undefined) break;
      if (line.startsWith(`[${service}]`)) parameters = {};
      continue;
    }
    if (parameters !== undefined) setParameter(parameters, line, `${file}, line ${index + 1}`);
  }
  return parameters;
}

function setParameter(parameters: LibpqParameters, line: string, place: string): void {
  // Only ever the keyword is shown: the value may be a password.
  const invalid = (problem: string, hint: string): PgEvictError =>
    new PgEvictError('CONFIG_INVALID', `${place}: ${problem}.`, { hint });
  if (line.startsWith('ldap')) {
    throw invalid('LDAP lookup is not supported', 'Write the parameters into the file.');
  }
  const equals = line.indexOf('=');
  if (equals === -1) throw invalid('there is no "="', 'Write keyword=value.');
  const keyword = line.slice(0, equals);
  if (keyword.trim() !== keyword) throw invalid(`there is a space before "="`, 'Write keyword=value.');
  if (isKeyword(keyword)) {
    parameters[keyword] ??= line.slice(equals + 1);
  } else if (!ignoredKeywords.has(keyword)) {
    throw invalid(`"${keyword}" is not supported`, `Supported: ${libpqKeywords.join(', ')}.`);
  }
}

function serviceFiles(env: Environment): { file: string; required: boolean }[] {
  const own = env['PGSERVICEFILE'];
  const home =
    process.platform === 'win32' && env['APPDATA'] !== undefined
      ? join(env['APPDATA'], 'postgresql')
      : env['HOME'] || homedir();
  const system = env['PGSYSCONFDIR'];
  return [
    own ? { file: own, required: true } : { file: join(home, '.pg_service.conf'), required: false },
    ...(system ? [{ file: join(system, 'pg_service.conf'), required: false }] : []),
  ];
}

async function readServiceFile(file: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The service file ${file} cannot be read (${code ?? 'unknown'}).`,
      {
        hint: 'PGSERVICEFILE names it.',
        cause: error,
      },
    );
  }
}
