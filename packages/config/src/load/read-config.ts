import { basename, extname } from 'node:path';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import type { cosmiconfig as Cosmiconfig, Options, PublicExplorer } from 'cosmiconfig';
import { configNames, packageKey } from '../search/find-config.js';
import { errorSummary, notLoaded } from './load-error.js';
import { loadModule } from './load-module.js';

/** The exports or contents of a configuration file, read by cosmiconfig with loaders of our own. Not validated. */
export async function readConfig(file: string): Promise<unknown> {
  const { cosmiconfig, defaultLoaders } = await import('cosmiconfig');
  const script = async (path: string): Promise<unknown> => boxed(path, await load(path));
  const data =
    (parse: (path: string, content: string) => unknown) =>
    (path: string, content: string): unknown =>
      boxed(path, parseData(parse, path, content));
  const json = data(defaultLoaders['.json']);
  const yaml = data(defaultLoaders['.yaml']);
  const options = {
    cache: false,
    loaders: {
      '.ts': script,
      '.mts': script,
      '.cts': script,
      '.js': script,
      '.mjs': script,
      '.cjs': script,
      '.json': json,
      '.yaml': yaml,
      '.yml': yaml,
      noExt: yaml,
    },
  };
  // A file named by --config may have any extension that there is a loader for.
  if (!configNames.includes(basename(file)) && !/^\.([cm]?[jt]s|json|ya?ml)$|^$/.test(extname(file))) {
    throw new PgEvictError('CONFIG_INVALID', `${file} does not have the name of a configuration file.`, {
      hint: 'It ends in .ts, .mts, .cts, .js, .mjs, .cjs, .json, .yaml or .yml.',
    });
  }
  const found = await explorerFor(cosmiconfig, options).load(file);
  if (found === null || found.isEmpty === true) {
    throw new PgEvictError('CONFIG_INVALID', `${file} is empty.`, { hint: 'Write {} for the defaults.' });
  }
  return (found.config as Box).value;
}

/** cosmiconfig reads package.json in the working directory, for options of its own. */
function explorerFor(cosmiconfig: typeof Cosmiconfig, options: Partial<Options>): PublicExplorer {
  try {
    return cosmiconfig(packageKey, options);
  } catch (error) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The configuration cannot be searched for: ${errorSummary(error).replace(/:$/, '')}.`,
      { hint: 'cosmiconfig looks there for options of its own: make it readable, and valid.' },
    );
  }
}

/** Hides the file's content from cosmiconfig, which would follow a `$import` in it. */
interface Box {
  readonly value: unknown;
}

const boxed = (path: string, value: unknown): unknown => {
  if (basename(path) !== 'package.json') return { value };
  return { [packageKey]: { value: (value as Readonly<Record<string, unknown>>)[packageKey] } };
};

async function load(path: string): Promise<unknown> {
  try {
    return await loadModule(path);
  } catch (error) {
    if (isPgEvictError(error)) throw error;
    throw notLoaded(path, error);
  }
}

/** The rest of a line that begins with a quoted text, without that text. */
function withoutQuoted(rest: string): string {
  const end = Math.max(rest.lastIndexOf('"'), rest.lastIndexOf('>'));
  return end < 1 ? rest : `…${rest.slice(end + 1)}`;
}

/** The parsers' own messages show the lines around the error, and with them a password. */
function parseData(
  parse: (path: string, content: string) => unknown,
  path: string,
  content: string,
): unknown {
  try {
    return parse(path, content);
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number; column: number } };
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const line =
      mark === undefined
        ? position === undefined
          ? undefined
          : content.slice(0, Number(position)).split('\n').length
        : mark.line + 1;
    const problem =
      reason === undefined ? 'this is not valid JSON' : reason.replaceAll(/["<].*/g, withoutQuoted);
    throw new PgEvictError(
      'CONFIG_INVALID',
      `${path}${line === undefined ? '' : `, line ${line}`}: ${problem}.`,
      {
        hint:
          reason === undefined
            ? 'Correct it there: JSON has no comments, no comma after the last entry, and names in double quotes.'
            : 'Correct it there.',
      },
    );
  }
}
