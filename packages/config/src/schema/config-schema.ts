import { longestUndoMs } from '@pg-evict/core/internal/text';
import * as v from 'valibot';
import { adminSchema, connectionSchema } from './connection-schema.js';
import { duration, flag, oneOrMore, saysSomething, section, setting, size, text } from './expect.js';
import { testingSchema } from './testing-schema.js';

const protectPattern = v.pipe(
  section(
    {
      database: setting(text, 'The name of the database.'),
      host: setting(text, 'The host of its server.'),
    },
    'a pattern, or an object with database and host',
  ),
  saysSomething('at least one of database and host'),
  v.title('ProtectConfig'),
);

const pooler = v.pipe(
  section(
    {
      url: v.pipe(
        text,
        v.metadata({
          description:
            'The URL of its admin console, with one of its `admin_users`: `postgres://admin@localhost:6432/pgbouncer`. Put the password into `.pgpass`, or into an environment variable that the file reads.',
        }),
      ),
      databases: setting(
        v.array(text, 'a list of names'),
        'The aliases to pause, by their names in the pooler.',
        'those that lead to the database',
      ),
    },
    'an object with url and databases',
  ),
  v.title('PoolerConfig'),
);

const sessionPattern = v.pipe(
  section(
    {
      user: setting(oneOrMore, 'Role name.'),
      application: setting(oneOrMore, '`application_name`.'),
      client: setting(
        oneOrMore,
        'Client address (`10.1.*`, `[local]` for Unix sockets), or a network (`10.1.0.0/16`).',
      ),
    },
    'an object with user, application or client',
  ),
  saysSomething('at least one of user, application and client'),
  v.title('KeepConfig'),
);

const sessions = v.pipe(
  section(
    {
      graceMs: setting(
        duration,
        'How long to wait for sessions to disconnect on their own before pg-evict terminates them.',
        '`0`',
      ),
      drainMs: setting(
        duration,
        'How long running queries and transactions may take to finish before pg-evict terminates their sessions. Idle sessions are terminated as soon as none is busy. Counts towards `timeoutMs`, of which 2 seconds stay reserved.',
        '`0`',
      ),
      timeoutMs: setting(
        v.pipe(
          duration,
          v.minValue(1, 'more than 0 milliseconds'),
          v.maxValue(longestUndoMs, 'at most a hundred years'),
        ),
        'The maximum duration of a whole operation; in a test run, of each wait for a lock, for a database that others have locked, and for the host of the run.',
        '`30_000`',
      ),
      keep: setting(
        v.array(sessionPattern, 'a list'),
        'Sessions that are never terminated. If one of them blocks an operation, the operation fails and no session is terminated.',
        'none',
      ),
    },
    'an object with graceMs, drainMs, timeoutMs and keep',
  ),
  v.title('SessionsConfig'),
);

const confirm = v.pipe(
  section(
    {
      agents: setting(
        flag,
        'If a variable shows that a coding agent runs the command, `--yes` is not enough.',
        '`true`',
      ),
      tunnels: setting(
        flag,
        'If the server answers on an address of this machine, ask the server whether it runs on another machine, behind a tunnel.',
        '`true`',
      ),
    },
    'an object with agents and tunnels',
  ),
  v.title('ConfirmConfig'),
);

const fresh = v.pipe(
  section(
    {
      command: setting(
        text,
        "A shell command that fills the new database. It finds the database in `DATABASE_URL` and libpq's variables.",
        "the knexfile's migrations",
      ),
      seed: setting(
        text,
        'A shell command that `--seed` runs afterwards, with the same variables.',
        "the knexfile's seeds; with `command`, none",
      ),
    },
    'an object with command and seed',
  ),
  v.title('FreshConfig'),
);

const undoTimes = v.pipe(
  section(
    {
      for: setting(
        v.pipe(
          duration,
          v.minValue(1, 'more than 0 milliseconds'),
          v.maxValue(longestUndoMs, 'at most a hundred years'),
        ),
        'How long the old content is kept.',
        "`'1h'`",
      ),
      upTo: setting(size, 'The maximum size of a database that is kept.', "`'1GB'`"),
    },
    'an object with for and upTo',
  ),
  v.title('UndoConfig'),
);

/**
 * The configuration: the source of its types (`config.ts`), of `schema.json` and of the tables in
 * docs/configuration.md, all written by `scripts/generate.mjs`. Files are validated with it.
 */
export const configSchema = v.pipe(
  section(
    {
      $schema: setting(v.string('a path or URL'), 'The JSON schema, for editors.'),
      connection: setting(
        connectionSchema,
        'How to reach the server, and the database to work on: a `postgres://` URL, settings, or an (async) function that returns one of them.',
        "the knexfile's, else `DATABASE_URL`, else libpq's variables",
      ),
      admin: setting(adminSchema, 'Another role for administrative commands.', "the connection's role"),
      maintenanceDatabase: setting(
        text,
        'The database that administrative commands connect to. It cannot be the database that they change.',
        '`postgres`, or `template1` if that does not exist',
      ),
      knexfile: setting(
        text,
        'A knexfile, relative to this file. Its `connection` is used if this file has none.',
      ),
      protect: setting(
        v.array(
          v.union([text, protectPattern], 'a pattern, or an object with database and host'),
          "a list, such as ['prod*', { host: '*.example.com' }]",
        ),
        'Databases that pg-evict must not change: patterns for the name (`*` matches any characters, `?` matches one), or objects of which all fields must match.',
        'none',
      ),
      poolers: setting(
        v.array(pooler, "a list, such as [{ url: 'postgres://admin@localhost:6432/pgbouncer' }]"),
        'PgBouncers in front of the server. Their clients wait while an operation needs exclusive access to the database.',
        'none',
      ),
      sessions: setting(sessions, 'How sessions are terminated.'),
      confirm: setting(
        confirm,
        'When `--yes` is not enough, and the command asks for the name of the database.',
      ),
      fresh: setting(fresh, 'The commands that `pg-evict fresh` fills a database with.'),
      undo: setting(
        v.union([v.literal(false, 'false'), undoTimes], 'an object with for and upTo, or false'),
        'How long, and up to which size, the command keeps the content that it replaces, for `pg-evict undo`. It does so only if you confirmed the operation. `false`: never.',
        "`{ for: '1h', upTo: '1GB' }`",
      ),
      testing: setting(testingSchema, 'Test databases.'),
    },
    'an object with settings',
  ),
  v.title('Config'),
);

export type ConfigOutput = v.InferOutput<typeof configSchema>;
