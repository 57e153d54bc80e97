import * as v from 'valibot';
import { duration, flag, fn, oneOrMore, section, setting, text } from './expect.js';

const kinds = ['connection', 'embedded', 'testcontainers'] as const;
const kind = v.picklist(kinds, "'connection', 'embedded' or 'testcontainers'");

const server = v.pipe(
  section(
    {
      kind: v.pipe(kind, v.metadata({ description: 'Which kind of server.' })),
      version: setting(
        v.pipe(v.number('a major version, such as 17'), v.integer(), v.minValue(13), v.maxValue(99)),
        'The major version of PostgreSQL; in a container, that of the default image.',
        '`18`',
      ),
      image: setting(text, 'The image, for testcontainers.', '`postgres:18-alpine`'),
      reuse: setting(flag, 'Keep the container, and take it again for the next run.', '`false`'),
      tmpfs: setting(flag, "Keep the container's data in memory.", '`true`'),
      settings: setting(
        v.record(
          v.string(),
          v.union([v.string(), v.number(), v.boolean()], 'a string, a number, true or false'),
        ),
        'Settings of postgresql.conf, such as `{ max_connections: 500 }`.',
      ),
      startTimeoutMs: setting(duration, 'How long its start may take.', '`60_000`'),
    },
    "'connection', 'embedded', 'testcontainers', or an object with kind",
  ),
  v.title('TestServerConfig'),
);

const template = v.pipe(
  section(
    {
      knex: setting(
        v.union([flag, text], 'true, or the path of a knexfile'),
        "`true`: migrate with the project's knexfile; or the path of one.",
        '`false`',
      ),
      command: setting(text, 'A shell command that fills the database in `DATABASE_URL`.'),
      setup: setting(
        fn<(databaseUrl: string) => void | Promise<void>>('(databaseUrl: string) => void | Promise<void>'),
        'A function that fills the database whose URL it gets.',
      ),
      seed: setting(flag, 'Also run the seeds of knex.', '`false`'),
      inputs: setting(
        oneOrMore,
        "What the template depends on beside what is known: files, as patterns, and variables, as `'env:NAME'`. It is built again when one of them changes.",
      ),
      env: setting(
        text,
        'The environment of the knexfile that `knex` takes.',
        "`NODE_ENV`, else `'development'`",
      ),
    },
    'an object with knex, command or setup',
  ),
  v.title('TemplateConfig'),
);

/** Read by `@pg-evict/testing` and `@pg-evict/jest`. */
export const testingSchema = v.pipe(
  section(
    {
      server: setting(
        v.union([kind, server], "'connection', 'embedded', 'testcontainers', or an object with kind"),
        'Where test databases are made: beside the configured one, on an embedded server, or in a container.',
        "`'connection'` where one is configured, else `'embedded'`",
      ),
      template: setting(template, 'What a test database contains.', 'nothing'),
      templates: setting(
        v.pipe(
          v.record(v.string(), template, 'an object of templates, by name'),
          v.check(
            (given) => !Object.hasOwn(given, 'default'),
            'no template named "default": that one is `template`',
          ),
        ),
        'More templates, by name, for `borrowDatabase({ template: name })`.',
      ),
      variables: setting(
        v.record(
          v.string(),
          v.union(
            [v.picklist(['url', 'host', 'port', 'user', 'password', 'database']), v.literal(false)],
            "'url', 'host', 'port', 'user', 'password', 'database', or false",
          ),
          'an object of variables',
        ),
        "Variables that tests find beside `DATABASE_URL` and `PG*`, each with the part that it holds, such as `{ TEST_DB_NAME: 'database' }`; `false` takes one away, also one of those.",
      ),
      outside: setting(
        v.picklist(['refuse', 'configured'], "'refuse' or 'configured'"),
        'Where the variables lead of what a test runner runs outside of our environment: to no database, whose name says why, or to the configured one.',
        "`'refuse'`",
      ),
      isolation: setting(
        v.picklist(['file', 'test', 'run'], "'file', 'test' or 'run'"),
        'What gets a fresh database: each test file, each test, or the whole run.',
        "`'file'`",
      ),
      database: setting(
        text,
        "The fixed name of the database with `isolation: 'run'`. It must say that it is for tests.",
      ),
      leaks: setting(
        v.picklist(['fail', 'warn', 'ignore'], "'fail', 'warn' or 'ignore'"),
        'What happens when a test file leaves a session open.',
        "`'fail'`",
      ),
      keepFailed: setting(
        flag,
        'Keep the database of a test file that failed, and print its URL.',
        '`false`',
      ),
    },
    'an object with server, template, isolation, leaks, …',
  ),
  v.title('TestingConfig'),
);
