import { dirname, resolve } from 'node:path';
import { findKnexfile, type ResolvedConfiguration, type TestingConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import { fillWithFunction } from '../fill/fill-with-function.js';
import { configuredDatabase, fillTemplate } from './fill-template.js';
import { digest, hashFiles } from './hash-files.js';
import type { TemplateSource } from './template.js';

/** What a template is made from. */
export interface TemplateOptions {
  readonly template: NonNullable<TestingConfig['template']>;
  readonly configuration: ResolvedConfiguration;
  readonly cwd: string;
  /** Stands for content that cannot be known: a command or function without `inputs`. */
  readonly runId: string;
}

/**
 * Finds out what a template is made from. What says nothing about the files it depends on (`inputs`) gets a hash of
 * its own in each run, so that it is never stale.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export async function templateSource(options: TemplateOptions): Promise<TemplateSource> {
  const { template, configuration, cwd, runId } = options;
  const configured = configuredDatabase(configuration);
  const folder = configuration.filepath === null ? cwd : dirname(configuration.filepath);
  const { knex = false, command, setup, seed = false, inputs, env } = template;
  const kinds = [
    knex !== false && 'knex',
    command !== undefined && 'command',
    setup !== undefined && 'setup',
  ];
  const given = kinds.filter((kind) => kind !== false);
  if (given.length > 1) {
    throw new PgEvictError('CONFIG_INVALID', `testing.template has ${given.join(' and ')}.`, {
      hint: 'Give one of knex, command and setup.',
    });
  }
  if (seed && knex === false) {
    throw new PgEvictError('CONFIG_INVALID', 'testing.template has seed: true, but no knex.', {
      hint: 'Add knex: true, or have the command or setup function run the seeds.',
    });
  }
  if (env !== undefined && knex === false) {
    throw new PgEvictError('CONFIG_INVALID', 'testing.template has env, but no knex.', {
      hint: 'Add knex: true; a command or setup function gets the variables of this process.',
    });
  }
  const patterns = inputs === undefined ? [] : typeof inputs === 'string' ? [inputs] : inputs;
  const files = await hashFiles(patterns, folder);
  if (knex !== false) {
    const knexfile = await knexfileOf(knex, configuration, folder);
    const { knexSource } = await import('./source-knex.js');
    return knexSource({ knexfile, env: env ?? configuration.env, seed, files, configured });
  }
  const reused = patterns.length > 0;
  // Whatever runs knex takes the environment of the knexfile from NODE_ENV.
  const hash = (...parts: string[]): string =>
    digest([...parts, ...(reused ? [files, process.env['NODE_ENV'] ?? ''] : [runId])]);
  if (command !== undefined) {
    return {
      description: `command "${command}"`,
      hash: hash('command', command),
      reused,
      fill: async (address) =>
        fillTemplate({ kind: 'command', command, capture: true }, folder, address, configured),
    };
  }
  if (setup !== undefined) {
    const { config, filepath: file } = configuration;
    const isInFile = file !== null && config.testing?.template?.setup === setup;
    return {
      description: 'setup function',
      hash: hash('setup', setup.toString()),
      reused,
      // One that is handed over in code cannot be handed to another process.
      fill: async (address) =>
        isInFile
          ? fillTemplate(
              { kind: 'setup', file, env: configuration.env, address },
              process.cwd(),
              address,
              configured,
            )
          : fillWithFunction(setup, address),
    };
  }
  return {
    description: 'nothing',
    hash: digest(['empty']),
    reused: true,
    fill: async () => Promise.resolve(),
  };
}

async function knexfileOf(
  knex: true | string,
  configuration: ResolvedConfiguration,
  folder: string,
): Promise<string> {
  if (typeof knex === 'string') return resolve(folder, knex);
  const found = configuration.knexfile ?? (await findKnexfile(folder));
  if (found !== undefined) return found;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `testing.template has knex: true, but there is no knexfile in ${folder} or above.`,
    {
      hint: "Name it: testing.template.knex: './path/to/knexfile.js'.",
    },
  );
}
