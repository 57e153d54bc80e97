import * as v from 'valibot';
import { duration, flag, fn, oneOrMore, section, setting, text } from './expect.js';

const kinds = ['connection', 'embedded', 'testcontainers'] as const;
const kind = v.picklist(kinds, "'connection', 'embedded' or 'testcontainers'");

const server = v.pipe(
  section(
    {
      kind: v.pipe(kind, v.metadata({ description: 'The kind of server.' })),
      version: setting(
        v.pipe(v.number('a major version, such as 17'), v.integer(), v.minValue(13), v.maxValue(99)),
        'The major version of PostgreSQL. In a container, it selects the default image.',
        '`18`',
      ),
      image: setting(text, 'The image, for testcontainers.', '`postgres:18-alpine`'),
      reuse: setting(flag, 'Keep the container, and use it again in the next run.', '`false`'),
      tmpfs: setting(flag, "Keep the container's data in memory.", '`true`'),
      settings: setting(
        v.record(
          v.string(),
          v.union([v.string(), v.number(), v.boolean()], 'a string, a number, true or false'),
        ),
        'Settings of postgresql.conf, such as `{ max_connections: 500 }`.',
      ),
      startTimeoutMs: setting(duration, 'The maximum duration of its start.', '`60_000`'),
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
        "`true`: run the migrations of the project's knexfile. A path: those of another knexfile.",
        '`false`',
      ),
      command: setting(text, 'A shell command that fills the database in `DATABASE_URL`.'),
      setup: setting(
        fn<(databaseUrl: string) => void | Promise<void>>('(databaseUrl: string) => void | Promise<void>'),
        'A function that gets the URL of the database, and fills it.',
      ),
      seed: setting(flag, 'Also run the seeds of the knexfile.', '`false`'),
      inputs: setting(
        oneOrMore,
        "Other things that the template depends on: patterns for files (from the folder of the configuration file), and variables as `'env:NAME'`. If one of them changes, the template is built again.",
      ),
      env: setting(text, 'The environment of the knexfile that is used.', "`NODE_ENV`, else `'development'`"),
    },
    'an object with knex, command or setup',
  ),
  v.title('TemplateConfig'),
);

/** Read by `@pg-evict/testing`, and so by every test runner. */
export const testingSchema = v.pipe(
  section(
    {
      server: setting(
        v.union([kind, server], "'connection', 'embedded', 'testcontainers', or an object with kind"),
        'Where test databases are created: beside the configured database, on an embedded server, or in a container.',
        "`'connection'` if one is configured, else `'embedded'`",
      ),
      template: setting(template, 'The content of a test database.', 'nothing'),
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
        "More variables for the tests, beside `DATABASE_URL` and `PG*`, each with the part of the connection that it contains: `{ TEST_DB_NAME: 'database' }`. `false` removes a variable, also one of the default ones.",
      ),
      outside: setting(
        v.picklist(['refuse', 'configured'], "'refuse' or 'configured'"),
        'Which database code finds in the variables if the test runner runs it outside the environment of pg-evict. `refuse`: one that does not exist, with a name that gives the reason. `configured`: the configured one.',
        "`'refuse'`",
      ),
      isolation: setting(
        v.picklist(['file', 'test', 'run'], "'file', 'test' or 'run'"),
        'How often the tests get a fresh database: for each file, for each test, or once for the whole run.',
        "`'file'`",
      ),
      database: setting(
        text,
        "The fixed name of the database with `isolation: 'run'`. Required there. The name must contain the word `test`: `app_test`. Each run drops and recreates it.",
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
