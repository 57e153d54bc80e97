import * as v from 'valibot';
import { fn, port, section, setting, text } from './expect.js';

const password = setting(
  v.union(
    [text, fn<() => string | Promise<string>>('() => string | Promise<string>')],
    'a string or a function',
  ),
  'The password. Prefer an environment variable or `.pgpass`.',
  '`PGPASSWORD`, else `.pgpass`',
);

const settings = v.pipe(
  section(
    {
      connectionString: setting(
        v.string('a postgres:// URL'),
        'A `postgres://` URL. It must not contradict the other fields.',
      ),
      host: setting(
        text,
        "A name, an address, or the folder of the server's Unix socket.",
        '`PGHOST`, else `localhost`',
      ),
      port: setting(port, 'The port, as a number or a string of digits.', '`PGPORT`, else `5432`'),
      user: setting(text, 'The role to log in as.', "`PGUSER`, else the system's user"),
      password,
      database: setting(text, 'The database to work on.', '`PGDATABASE`'),
      ssl: setting(
        v.union(
          [v.boolean(), v.record(v.string(), v.unknown())],
          "true, false, or the options of Node's TLS",
        ),
        "`true`, `false`, or the options of Node's TLS.",
        '`PGSSLMODE`',
      ),
      options: setting(text, 'Command-line options for the session, as in `PGOPTIONS`.', '`PGOPTIONS`'),
      application_name: setting(text, 'The `application_name` of the sessions of pg-evict.', '`pg-evict`'),
      connectionTimeoutMillis: setting(
        v.pipe(v.number('milliseconds'), v.minValue(0, 'milliseconds')),
        'The maximum duration of one attempt to connect, in milliseconds.',
        "the operation's deadline",
      ),
    },
    'an object with settings',
  ),
  v.title('ConnectionConfig'),
);

/** The return value of a connection function. */
export const connectionValueSchema = v.union(
  [v.string('a postgres:// URL'), settings],
  'a postgres:// URL, or an object with settings',
);

export type ConnectionValue = v.InferInput<typeof connectionValueSchema>;

export const connectionSchema = v.union(
  [
    v.string('a postgres:// URL'),
    settings,
    fn<() => ConnectionValue | Promise<ConnectionValue>>(
      '() => string | ConnectionConfig | Promise<string | ConnectionConfig>',
    ),
  ],
  'a postgres:// URL, an object with settings, or a function that returns one of them',
);

export const adminSchema = v.pipe(
  section(
    {
      user: v.pipe(text, v.metadata({ description: 'The role.' })),
      password,
    },
    'an object with user and password',
  ),
  v.title('AdminConfig'),
);
