import { longestUndoMs } from '@pg-evict/core/internal/text';
import * as v from 'valibot';
import { adminSchema, connectionSchema } from './connection-schema.js';
import { duration, flag, oneOrMore, saysSomething, section, setting, size, text } from './expect.js';
import { testingSchema } from './testing-schema.js';

const protectPattern = v.pipe(
  section(
    {
      database: setting(text, 'The name of the database.'),
      host: setting(text, 'The host it is on.'),
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
            'Leads to its admin console, as one of its `admin_users`: `postgres://admin@localhost:6432/pgbouncer`. Its password is better in `.pgpass`, or in an environment variable that the file reads.',
        }),
      ),
      databases: setting(
        v.array(text, 'a list of names'),
        'The aliases to be paused, as the pooler calls them.',
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
        'How long to wait for sessions to leave by themselves before they are ended.',
        '`0`',
      ),
      drainMs: setting(
        duration,
        'How long sessions may finish what they are at before they are ended; those that are idle are ended at once.',
        '`0`',
      ),
      timeoutMs: setting(
        v.pipe(
          duration,
          v.minValue(1, 'more than 0 milliseconds'),
          v.maxValue(longestUndoMs, 'at most a hundred years'),
        ),
        'How long a whole operation may take.',
        '`30_000`',
      ),
      keep: setting(
        v.array(sessionPattern, 'a list'),
        'Sessions that are never ended; where one is in the way, the operation fails and nobody is.',
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
        'Whether `--yes` is not enough where a variable says that a coding agent runs the command.',
        '`true`',
      ),
      tunnels: setting(
        flag,
        "Whether the server is asked if it is on another machine although it answers on this machine's address, as through a tunnel.",
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
        "A shell command that fills the new database, which it finds in `DATABASE_URL` and libpq's variables.",
        "the knexfile's migrations",
      ),
      seed: setting(
        text,
        'A shell command that `--seed` runs after it, likewise.',
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
        'How long it is kept.',
        "`'1h'`",
      ),
      upTo: setting(size, 'Nothing that is larger is kept.', "`'1GB'`"),
    },
    'an object with for and upTo',
  ),
  v.title('UndoConfig'),
);

/**
 * The configuration: the source of its types (`config.ts`), of `schema.json` and of the tables in
 * docs/configuration.md, all written by `scripts/generate.mjs`; and what a file is validated with.
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
        'Where administrative commands connect; never the database worked on.',
        '`postgres`, and where that does not exist, `template1`',
      ),
      knexfile: setting(
        text,
        'A knexfile, relative to this file, whose `connection` is used where none is given here.',
      ),
      protect: setting(
        v.array(
          v.union([text, protectPattern], 'a pattern, or an object with database and host'),
          "a list, such as ['prod*', { host: '*.example.com' }]",
        ),
        'Databases never to be touched: patterns for the name (`*` any characters, `?` one), or objects where all fields must match.',
        'none',
      ),
      poolers: setting(
        v.array(pooler, "a list, such as [{ url: 'postgres://admin@localhost:6432/pgbouncer' }]"),
        'PgBouncers in front of the server: their clients wait while an operation needs the database to itself.',
        'none',
      ),
      sessions: setting(sessions, 'How sessions are ended.'),
      confirm: setting(
        confirm,
        'When `--yes` is not enough and the command asks for the name of the database.',
      ),
      fresh: setting(fresh, 'What `pg-evict fresh` fills a database with.'),
      undo: setting(
        v.union([v.literal(false, 'false'), undoTimes], 'an object with for and upTo, or false'),
        'How the command keeps what it replaces where you have confirmed it, for `pg-evict undo`; `false`: not at all.',
        "`{ for: '1h', upTo: '1GB' }`",
      ),
      testing: setting(testingSchema, 'Test databases.'),
    },
    'an object with settings',
  ),
  v.title('Config'),
);

export type ConfigOutput = v.InferOutput<typeof configSchema>;
