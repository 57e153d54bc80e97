import { dirname } from 'node:path';
import { findExecutable } from '../child/find-executable.js';
import type { CommandContext } from '../context/command-context.js';
import { PgEvictError } from '../context/engine.js';

/** Migrations, and seeds on request, of a knexfile. */
export interface KnexStep {
  readonly kind: 'knex';
  readonly knexfile: string;
  readonly seed: boolean;
}

/** A command. */
export interface CommandStep {
  readonly kind: 'command';
  /** A program; without `args`, a command for the shell. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd: string;
}

/** The steps that fill the new database, in order. */
export type FreshStep = KnexStep | CommandStep;

/** The command after `--`. */
export type GivenCommand = readonly [file: string, ...args: string[]];

/**
 * The steps with which `fresh` fills a database: the command after `--`, else the configured one, else the knexfile's
 * migrations.
 *
 * @throws PgEvictError `CONFIG_INVALID` if there is none of them, or the command does not exist
 */
export function freshSteps(
  { configuration: { config, filepath, knexfile } }: CommandContext,
  given: GivenCommand | undefined,
  seeds: boolean,
): readonly FreshStep[] {
  const folder = filepath === null ? process.cwd() : dirname(filepath);
  const { command, seed } = config.fresh ?? {};
  const seedStep =
    seed === undefined ? undefined : ({ kind: 'command', command: seed, cwd: folder } as const);
  const seeding = seeds && seedStep !== undefined ? [seedStep] : [];
  if (given !== undefined || command !== undefined) {
    if (seeds && seedStep === undefined) {
      throw new PgEvictError(
        'CONFIG_INVALID',
        '--seed has nothing to run: where a command fills the database, another one seeds it.',
        { hint: "Name it in the configuration: fresh: { seed: 'npm run seed' }." },
      );
    }
    return [
      given === undefined ? { kind: 'command', command: command ?? '', cwd: folder } : toStep(given),
      ...seeding,
    ];
  }
  if (knexfile === null) {
    throw new PgEvictError('CONFIG_INVALID', `There is no knexfile in ${process.cwd()}, nor above it.`, {
      hint: 'Name it: --knexfile, or knexfile in the configuration; or give a command that fills the database: fresh [database] -- <command…>.',
    });
  }
  return [{ kind: 'knex', knexfile, seed: seeds && seedStep === undefined }, ...seeding];
}

function toStep([file, ...args]: GivenCommand): CommandStep {
  const missing = findExecutable(file);
  if (missing !== undefined) {
    throw new PgEvictError('CONFIG_INVALID', `${missing.message}. No session was terminated.`, {
      hint: 'Check its name, and PATH.',
    });
  }
  return { kind: 'command', command: file, args, cwd: process.cwd() };
}

/** The command as it was given. */
export function nameOf({ command, args = [] }: CommandStep): string {
  return [command, ...args].join(' ');
}
