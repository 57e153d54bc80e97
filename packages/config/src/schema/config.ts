// Written by scripts/generate.mjs from src/schema: change that.

/** The content of a configuration file. */
export interface Config {
  /** The JSON schema, for editors. */
  readonly $schema?: string | undefined;
  /**
   * How to reach the server, and the database to work on: a `postgres://` URL, settings, or an (async) function that returns one of them.
   * @default the knexfile's, else DATABASE_URL, else libpq's variables
   */
  readonly connection?:
    | string
    | ConnectionConfig
    | (() => string | ConnectionConfig | Promise<string | ConnectionConfig>)
    | undefined;
  /**
   * Another role for administrative commands.
   * @default the connection's role
   */
  readonly admin?: AdminConfig | undefined;
  /**
   * The database that administrative commands connect to. It cannot be the database that they change.
   * @default postgres, or template1 if that does not exist
   */
  readonly maintenanceDatabase?: string | undefined;
  /** A knexfile, relative to this file. Its `connection` is used if this file has none. */
  readonly knexfile?: string | undefined;
  /**
   * Databases that pg-evict must not change: patterns for the name (`*` matches any characters, `?` matches one), or objects of which all fields must match.
   * @default none
   */
  readonly protect?: readonly (string | ProtectConfig)[] | undefined;
  /**
   * PgBouncers in front of the server. Their clients wait while an operation needs exclusive access to the database.
   * @default none
   */
  readonly poolers?: readonly PoolerConfig[] | undefined;
  /** How sessions are terminated. */
  readonly sessions?: SessionsConfig | undefined;
  /** When `--yes` is not enough, and the command asks for the name of the database. */
  readonly confirm?: ConfirmConfig | undefined;
  /** The commands that `pg-evict fresh` fills a database with. */
  readonly fresh?: FreshConfig | undefined;
  /**
   * How long, and up to which size, the command keeps the content that it replaces, for `pg-evict undo`. It does so only if you confirmed the operation. `false`: never.
   * @default { for: '1h', upTo: '1GB' }
   */
  readonly undo?: false | UndoConfig | undefined;
  /** Test databases. */
  readonly testing?: TestingConfig | undefined;
}

/** How to reach a server. */
export interface ConnectionConfig {
  /** A `postgres://` URL. It must not contradict the other fields. */
  readonly connectionString?: string | undefined;
  /**
   * A name, an address, or the folder of the server's Unix socket.
   * @default PGHOST, else localhost
   */
  readonly host?: string | undefined;
  /**
   * The port, as a number or a string of digits.
   * @default PGPORT, else 5432
   */
  readonly port?: number | string | undefined;
  /**
   * The role to log in as.
   * @default PGUSER, else the system's user
   */
  readonly user?: string | undefined;
  /**
   * The password. Prefer an environment variable or `.pgpass`.
   * @default PGPASSWORD, else .pgpass
   */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /**
   * The database to work on.
   * @default PGDATABASE
   */
  readonly database?: string | undefined;
  /**
   * `true`, `false`, or the options of Node's TLS.
   * @default PGSSLMODE
   */
  readonly ssl?: boolean | Readonly<Record<string, unknown>> | undefined;
  /**
   * Command-line options for the session, as in `PGOPTIONS`.
   * @default PGOPTIONS
   */
  readonly options?: string | undefined;
  /**
   * The `application_name` of the sessions of pg-evict.
   * @default pg-evict
   */
  readonly application_name?: string | undefined;
  /**
   * The maximum duration of one attempt to connect, in milliseconds.
   * @default the operation's deadline
   */
  readonly connectionTimeoutMillis?: number | undefined;
}

/** Another role for administrative commands. */
export interface AdminConfig {
  /** The role. */
  readonly user: string;
  /**
   * The password. Prefer an environment variable or `.pgpass`.
   * @default PGPASSWORD, else .pgpass
   */
  readonly password?: string | (() => string | Promise<string>) | undefined;
}

/** Databases that pg-evict must not change. All fields that are set must match. */
export interface ProtectConfig {
  /** The name of the database. */
  readonly database?: string | undefined;
  /** The host of its server. */
  readonly host?: string | undefined;
}

/** A PgBouncer in front of the server. */
export interface PoolerConfig {
  /** The URL of its admin console, with one of its `admin_users`: `postgres://admin@localhost:6432/pgbouncer`. Put the password into `.pgpass`, or into an environment variable that the file reads. */
  readonly url: string;
  /**
   * The aliases to pause, by their names in the pooler.
   * @default those that lead to the database
   */
  readonly databases?: readonly string[] | undefined;
}

/** How sessions are terminated. */
export interface SessionsConfig {
  /**
   * How long to wait for sessions to disconnect on their own before pg-evict terminates them.
   * @default 0
   */
  readonly graceMs?: number | string | undefined;
  /**
   * How long running queries and transactions may take to finish before pg-evict terminates their sessions. Idle sessions are terminated as soon as none is busy. Counts towards `timeoutMs`, of which 2 seconds stay reserved.
   * @default 0
   */
  readonly drainMs?: number | string | undefined;
  /**
   * The maximum duration of a whole operation; in a test run, of each wait for a lock, for a database that others have locked, and for the host of the run.
   * @default 30_000
   */
  readonly timeoutMs?: number | string | undefined;
  /**
   * Sessions that are never terminated. If one of them blocks an operation, the operation fails and no session is terminated.
   * @default none
   */
  readonly keep?: readonly KeepConfig[] | undefined;
}

/** Sessions that are never terminated. All fields that are set must match. `*` matches any characters, `?` matches one. */
export interface KeepConfig {
  /** Role name. */
  readonly user?: string | readonly string[] | undefined;
  /** `application_name`. */
  readonly application?: string | readonly string[] | undefined;
  /** Client address (`10.1.*`, `[local]` for Unix sockets), or a network (`10.1.0.0/16`). */
  readonly client?: string | readonly string[] | undefined;
}

/** When `--yes` is not enough, and the command asks for the name of the database. */
export interface ConfirmConfig {
  /**
   * If a variable shows that a coding agent runs the command, `--yes` is not enough.
   * @default true
   */
  readonly agents?: boolean | undefined;
  /**
   * If the server answers on an address of this machine, ask the server whether it runs on another machine, behind a tunnel.
   * @default true
   */
  readonly tunnels?: boolean | undefined;
}

/** The commands that `pg-evict fresh` fills a database with. */
export interface FreshConfig {
  /**
   * A shell command that fills the new database. It finds the database in `DATABASE_URL` and libpq's variables.
   * @default the knexfile's migrations
   */
  readonly command?: string | undefined;
  /**
   * A shell command that `--seed` runs afterwards, with the same variables.
   * @default the knexfile's seeds; with command, none
   */
  readonly seed?: string | undefined;
}

/** How long, and up to which size, replaced content is kept. */
export interface UndoConfig {
  /**
   * How long the old content is kept.
   * @default '1h'
   */
  readonly for?: number | string | undefined;
  /**
   * The maximum size of a database that is kept.
   * @default '1GB'
   */
  readonly upTo?: number | string | undefined;
}

/** Test databases. */
export interface TestingConfig {
  /**
   * Where test databases are created: beside the configured database, on an embedded server, or in a container.
   * @default 'connection' if one is configured, else 'embedded'
   */
  readonly server?: 'connection' | 'embedded' | 'testcontainers' | TestServerConfig | undefined;
  /**
   * The content of a test database.
   * @default nothing
   */
  readonly template?: TemplateConfig | undefined;
  /** More templates, by name, for `borrowDatabase({ template: name })`. */
  readonly templates?: Readonly<Record<string, TemplateConfig>> | undefined;
  /** More variables for the tests, beside `DATABASE_URL` and `PG*`, each with the part of the connection that it contains: `{ TEST_DB_NAME: 'database' }`. `false` removes a variable, also one of the default ones. */
  readonly variables?:
    | Readonly<Record<string, 'url' | 'host' | 'port' | 'user' | 'password' | 'database' | false>>
    | undefined;
  /**
   * Which database code finds in the variables if the test runner runs it outside the environment of pg-evict. `refuse`: one that does not exist, with a name that gives the reason. `configured`: the configured one.
   * @default 'refuse'
   */
  readonly outside?: 'refuse' | 'configured' | undefined;
  /**
   * How often the tests get a fresh database: for each file, for each test, or once for the whole run.
   * @default 'file'
   */
  readonly isolation?: 'file' | 'test' | 'run' | undefined;
  /** The fixed name of the database with `isolation: 'run'`. Required there. The name must contain the word `test`: `app_test`. Each run drops and recreates it. */
  readonly database?: string | undefined;
  /**
   * What happens when a test file leaves a session open.
   * @default 'fail'
   */
  readonly leaks?: 'fail' | 'warn' | 'ignore' | undefined;
  /**
   * Keep the database of a test file that failed, and print its URL.
   * @default false
   */
  readonly keepFailed?: boolean | undefined;
}

/** A server for test databases. */
export interface TestServerConfig {
  /** The kind of server. */
  readonly kind: 'connection' | 'embedded' | 'testcontainers';
  /**
   * The major version of PostgreSQL. In a container, it selects the default image.
   * @default 18
   */
  readonly version?: number | undefined;
  /**
   * The image, for testcontainers.
   * @default postgres:18-alpine
   */
  readonly image?: string | undefined;
  /**
   * Keep the container, and use it again in the next run.
   * @default false
   */
  readonly reuse?: boolean | undefined;
  /**
   * Keep the container's data in memory.
   * @default true
   */
  readonly tmpfs?: boolean | undefined;
  /** Settings of postgresql.conf, such as `{ max_connections: 500 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined;
  /**
   * The maximum duration of its start.
   * @default 60_000
   */
  readonly startTimeoutMs?: number | string | undefined;
}

/** The content of a test database. */
export interface TemplateConfig {
  /**
   * `true`: run the migrations of the project's knexfile. A path: those of another knexfile.
   * @default false
   */
  readonly knex?: boolean | string | undefined;
  /** A shell command that fills the database in `DATABASE_URL`. */
  readonly command?: string | undefined;
  /** A function that gets the URL of the database, and fills it. */
  readonly setup?: ((databaseUrl: string) => void | Promise<void>) | undefined;
  /**
   * Also run the seeds of the knexfile.
   * @default false
   */
  readonly seed?: boolean | undefined;
  /** Other things that the template depends on: patterns for files (from the folder of the configuration file), and variables as `'env:NAME'`. If one of them changes, the template is built again. */
  readonly inputs?: string | readonly string[] | undefined;
  /**
   * The environment of the knexfile that is used.
   * @default NODE_ENV, else 'development'
   */
  readonly env?: string | undefined;
}
