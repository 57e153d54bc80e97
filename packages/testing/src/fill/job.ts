import type { ConnectionSettings, PgEvictErrorCode } from '@pg-evict/core';
import type { DatabaseAddress } from '../server/database-address.js';

/** Migrations and seeds of the project's knexfile, run with its knex. */
export interface KnexJob {
  readonly kind: 'knex';
  readonly knexfile: string;
  /** The environment of the knexfile. */
  readonly env: string;
  readonly seed: boolean;
  /** The database whose name migrations use. */
  readonly database: string;
  /** Leads to the database that is filled. */
  readonly connection: ConnectionSettings;
  /** Whether the connection is the knexfile's, whose `connection` function then returns new credentials. */
  readonly isKnexfiles: boolean;
  /** The fate of `database` if a migration fails, for the message: `was not replaced`. @default not said */
  readonly state?: string | undefined;
}

/** The `setup` function of a configuration file. */
export interface SetupJob {
  readonly kind: 'setup';
  /** The configuration file. */
  readonly file: string;
  /** The environment of the configuration. */
  readonly env: string;
  /** The name of the template in it. @default testing.template */
  readonly name?: string | undefined;
  readonly address: DatabaseAddress;
}

/** A command. */
export interface CommandJob {
  readonly kind: 'command';
  /** A program; without `args`, a command for the shell. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Whether its output is kept for the message of its failure instead of being shown. */
  readonly capture: boolean;
  /** The fate of the database if it fails, for the message: `database "app" was not replaced`. @default not said */
  readonly fate?: string | undefined;
}

export type FillingJob = KnexJob | SetupJob | CommandJob;

/** The migrations and seeds that knex has run. */
export interface FilledByKnex {
  /** The names of the migrations, in their order. */
  readonly migrations: readonly string[];
  /** The files of the seeds, in their order. */
  readonly seeds: readonly string[];
}

/** Messages to the process. */
export type ToFillingProcess = { readonly job: FillingJob } | { readonly abort: true };

/** Messages from it. */
export type FromFillingProcess =
  | { readonly migrated: string; readonly done: number; readonly of: number; readonly tookMs: number }
  /** The backend of one of its connections. */
  | { readonly session: number }
  | { readonly filled: FilledByKnex }
  | { readonly failed: SentError };

/** An error on its way to another process. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** `code`, and its other fields that can be sent. */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
  /** Of one of ours. */
  readonly ours: { readonly code: PgEvictErrorCode; readonly hint: string | null } | undefined;
  readonly cause: SentError | undefined;
}
