import { dirname, resolve } from 'node:path';
import { findKnexfile, type ResolvedConfiguration, type TestingConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import { fillWithFunction } from '../fill/fill-with-function.js';
import { setupOf } from '../fill/fill-with-setup.js';
import { configuredDatabase, fillTemplate } from './fill-template.js';
import { digest, hashFiles } from './hash-files.js';
import type { TemplateSource } from './template.js';

/** The source that a template is made from. */
export interface TemplateOptions {
  readonly template: NonNullable<TestingConfig['template']>;
  /**
   * Its name in `testing.templates`.
   * @default it is `testing.template`
   */
  readonly name?: string | undefined;
  readonly configuration: ResolvedConfiguration;
  readonly cwd: string;
  /** Stands for unknown content: a command or function without `inputs`. */
  readonly runId: string;
}

/**
 * Determines the source of a template. A source that does not declare the files it depends on (`inputs`) gets a hash of
 * its own in each run, so that it is never stale.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export async function templateSource(options: TemplateOptions): Promise<TemplateSource> {
  const { template, name, configuration, cwd } = options;
  const setting = settingOf(name);
  assertOneKind(template, setting);
  const folder = configuration.filepath === null ? cwd : dirname(configuration.filepath);
  const { inputs, knex = false } = template;
  const patterns = inputs === undefined ? [] : typeof inputs === 'string' ? [inputs] : inputs;
  const files = await hashFiles(patterns, folder, `${setting}.inputs`);
  if (knex !== false) return sourceOfKnex(knex, options, folder, files);
  const reused = patterns.length > 0;
  // Every program that runs knex takes the environment of the knexfile from NODE_ENV.
  const content = reused ? [files, process.env['NODE_ENV'] ?? ''] : [options.runId];
  const written = sourceOfCommand(options, folder) ?? sourceOfSetup(options);
  if (written !== undefined) return { ...written, hash: digest([...written.hashed, ...content]), reused };
  return {
    description: 'nothing',
    hash: digest(['empty']),
    reused: true,
    fill: async () => Promise.resolve(),
  };
}

/** The name of the setting that describes a template. */
function settingOf(name: string | undefined): string {
  return name === undefined ? 'testing.template' : `testing.templates.${name}`;
}

/** @throws `CONFIG_INVALID` if a template has two sources, or options of another source */
function assertOneKind(
  { command, env, knex = false, seed = false, setup }: TemplateOptions['template'],
  setting: string,
): void {
  const kinds = [
    knex !== false && 'knex',
    command !== undefined && 'command',
    setup !== undefined && 'setup',
  ];
  const given = kinds.filter((kind) => kind !== false);
  if (given.length > 1) {
    throw new PgEvictError('CONFIG_INVALID', `${setting} has ${given.join(' and ')}.`, {
      hint: 'Give one of knex, command and setup.',
    });
  }
  if (seed && knex === false) {
    throw new PgEvictError('CONFIG_INVALID', `${setting} has seed: true, but no knex.`, {
      hint: 'Add knex: true, or have the command or setup function run the seeds.',
    });
  }
  if (env !== undefined && knex === false) {
    throw new PgEvictError('CONFIG_INVALID', `${setting} has env, but no knex.`, {
      hint: 'Add knex: true; a command or setup function gets the variables of this process.',
    });
  }
}

async function sourceOfKnex(
  knex: true | string,
  { configuration, name, template: { env = configuration.env, seed = false } }: TemplateOptions,
  folder: string,
  files: string,
): Promise<TemplateSource> {
  const knexfile = await knexfileOf(knex, configuration, folder, settingOf(name));
  const { knexSource } = await import('./source-knex.js');
  return knexSource({ knexfile, env, seed, files, configured: configuredDatabase(configuration) });
}

/** The code that fills a template, and the text that stands for it in the hash. */
type Written = Pick<TemplateSource, 'description' | 'fill'> & { readonly hashed: readonly string[] };

function sourceOfCommand(
  { configuration, template: { command } }: TemplateOptions,
  folder: string,
): Written | undefined {
  if (command === undefined) return undefined;
  return {
    description: `command "${command}"`,
    hashed: ['command', command],
    fill: async (address, signal) =>
      fillTemplate(
        { kind: 'command', command, capture: true },
        folder,
        address,
        configuredDatabase(configuration),
        signal,
      ),
  };
}

function sourceOfSetup({ configuration, name, template: { setup } }: TemplateOptions): Written | undefined {
  if (setup === undefined) return undefined;
  const { config, env, filepath: file } = configuration;
  const isInFile = file !== null && setupOf(config, name) === setup;
  return {
    description: 'setup function',
    // Functions created by the same function have the same text.
    hashed: ['setup', ...(name === undefined ? [] : [name]), setup.toString()],
    // A function that is passed in code cannot be passed to another process.
    fill: async (address, signal) =>
      isInFile
        ? fillTemplate(
            { kind: 'setup', file, env, address, name },
            process.cwd(),
            address,
            configuredDatabase(configuration),
            signal,
          )
        : fillWithFunction(setup, address),
  };
}

async function knexfileOf(
  knex: true | string,
  configuration: ResolvedConfiguration,
  folder: string,
  setting: string,
): Promise<string> {
  if (typeof knex === 'string') return resolve(folder, knex);
  const found = configuration.knexfile ?? (await findKnexfile(folder));
  if (found !== undefined) return found;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `${setting} has knex: true, but there is no knexfile in ${folder} or above.`,
    {
      hint: `Name it: ${setting}.knex: './path/to/knexfile.js'.`,
    },
  );
}
