// Written by scripts/generate.mjs from src/schema: change that.

/** What a configuration file holds. */
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
   * Where administrative commands connect; never the database worked on.
   * @default postgres, and where that does not exist, template1
   */
  readonly maintenanceDatabase?: string | undefined;
  /** A knexfile, relative to this file, whose `connection` is used where none is given here. */
  readonly knexfile?: string | undefined;
  /**
   * Databases never to be touched: patterns for the name (`*` any characters, `?` one), or objects where all fields must match.
   * @default none
   */
  readonly protect?: readonly (string | ProtectConfig)[] | undefined;
  /**
   * PgBouncers in front of the server: their clients wait while an operation needs the database to itself.
   * @default none
   */
  readonly poolers?: readonly PoolerConfig[] | undefined;
  /** How sessions are ended. */
  readonly sessions?: SessionsConfig | undefined;
  /** When `--yes` is not enough and the command asks for the name of the database. */
  readonly confirm?: ConfirmConfig | undefined;
  /** What `pg-evict fresh` fills a database with. */
  readonly fresh?: FreshConfig | undefined;
  /**
   * How the command keeps what it replaces where you have confirmed it, for `pg-evict undo`; `false`: not at all.
   * @default { for: '1h', upTo: '1GB' }
   */
  readonly undo?: false | UndoConfig | undefined;
  /** Test databases. */
  readonly testing?: TestingConfig | undefined;
}

/** How to reach a server. */
export interface ConnectionConfig {
  /** A `postgres://` URL. May not contradict the other fields. */
  readonly connectionString?: string | undefined;
  /**
   * A name, an address, or the folder of the server's Unix socket.
   * @default PGHOST, else localhost
   */
  readonly host?: string | undefined;
  /**
   * The port; a string of digits is taken, too.
   * @default PGPORT, else 5432
   */
  readonly port?: number | string | undefined;
  /**
   * The role to log in as.
   * @default PGUSER, else the system's user
   */
  readonly user?: string | undefined;
  /**
   * Better in an environment variable, or in `.pgpass`.
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
   * What the sessions of pg-evict are called.
   * @default pg-evict
   */
  readonly application_name?: string | undefined;
  /**
   * How long one attempt to connect may take, in milliseconds.
   * @default the operation's deadline
   */
  readonly connectionTimeoutMillis?: number | undefined;
}

/** Another role for administrative commands. */
export interface AdminConfig {
  /** The role. */
  readonly user: string;
  /**
   * Better in an environment variable, or in `.pgpass`.
   * @default PGPASSWORD, else .pgpass
   */
  readonly password?: string | (() => string | Promise<string>) | undefined;
}

/** Databases never to be touched; all fields given must match. */
export interface ProtectConfig {
  /** The name of the database. */
  readonly database?: string | undefined;
  /** The host it is on. */
  readonly host?: string | undefined;
}

/** undefined */
export interface PoolerConfig {
  /** Leads to its admin console, as one of its `admin_users`: `postgres://admin@localhost:6432/pgbouncer`. Its password is better in `.pgpass`, or in an environment variable that the file reads. */
  readonly url: string;
  /**
   * The aliases to be paused, as the pooler calls them.
   * @default those that lead to the database
   */
  readonly databases?: readonly string[] | undefined;
}

/** How sessions are ended. */
export interface SessionsConfig {
  /**
   * How long to wait for sessions to leave by themselves before they are ended.
   * @default 0
   */
  readonly graceMs?: number | string | undefined;
  /**
   * How long sessions may finish what they are at before they are ended; those that are idle are ended at once.
   * @default 0
   */
  readonly drainMs?: number | string | undefined;
  /**
   * How long a whole operation may take.
   * @default 30_000
   */
  readonly timeoutMs?: number | string | undefined;
  /**
   * Sessions that are never ended; where one is in the way, the operation fails and nobody is.
   * @default none
   */
  readonly keep?: readonly KeepConfig[] | undefined;
}

/** Sessions that are never ended; all fields given must match. `*` any characters, `?` one. */
export interface KeepConfig {
  /** Role name. */
  readonly user?: string | readonly string[] | undefined;
  /** `application_name`. */
  readonly application?: string | readonly string[] | undefined;
  /** Client address (`10.1.*`, `[local]` for Unix sockets), or a network (`10.1.0.0/16`). */
  readonly client?: string | readonly string[] | undefined;
}

/** undefined */
export interface ConfirmConfig {
  /**
   * Whether `--yes` is not enough where a variable says that a coding agent runs the command.
   * @default true
   */
  readonly agents?: boolean | undefined;
  /**
   * Whether the server is asked if it is on another machine although it answers on this machine's address, as through a tunnel.
   * @default true
   */
  readonly tunnels?: boolean | undefined;
}

/** undefined */
export interface FreshConfig {
  /**
   * A shell command that fills the new database, which it finds in `DATABASE_URL` and libpq's variables.
   * @default the knexfile's migrations
   */
  readonly command?: string | undefined;
  /**
   * A shell command that `--seed` runs after it, likewise.
   * @default the knexfile's seeds; with command, none
   */
  readonly seed?: string | undefined;
}

/** undefined */
export interface UndoConfig {
  /**
   * How long it is kept.
   * @default '1h'
   */
  readonly for?: number | string | undefined;
  /**
   * Nothing that is larger is kept.
   * @default '1GB'
   */
  readonly upTo?: number | string | undefined;
}

/** Test databases. */
export interface TestingConfig {
  /**
   * Where test databases are made: beside the configured one, on an embedded server, or in a container.
   * @default 'connection' where one is configured, else 'embedded'
   */
  readonly server?: 'connection' | 'embedded' | 'testcontainers' | TestServerConfig | undefined;
  /**
   * What a test database contains.
   * @default nothing
   */
  readonly template?: TemplateConfig | undefined;
  /** More templates, by name, for `borrowDatabase({ template: name })`. */
  readonly templates?: Readonly<Record<string, TemplateConfig>> | undefined;
  /** Variables that tests find beside `DATABASE_URL` and `PG*`, each with the part that it holds, such as `{ TEST_DB_NAME: 'database' }`; `false` takes one away, also one of those. */
  readonly variables?:
    | Readonly<Record<string, 'url' | 'host' | 'port' | 'user' | 'password' | 'database' | false>>
    | undefined;
  /**
   * Where the variables lead of what a test runner runs outside of our environment: to no database, whose name says why, or to the configured one.
   * @default 'refuse'
   */
  readonly outside?: 'refuse' | 'configured' | undefined;
  /**
   * What gets a fresh database: each test file, each test, or the whole run.
   * @default 'file'
   */
  readonly isolation?: 'file' | 'test' | 'run' | undefined;
  /** The fixed name of the database with `isolation: 'run'`. It must say that it is for tests. */
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
  /** Which kind of server. */
  readonly kind: 'connection' | 'embedded' | 'testcontainers';
  /**
   * The major version of PostgreSQL; in a container, that of the default image.
   * @default 18
   */
  readonly version?: number | undefined;
  /**
   * The image, for testcontainers.
   * @default postgres:18-alpine
   */
  readonly image?: string | undefined;
  /**
   * Keep the container, and take it again for the next run.
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
   * How long its start may take.
   * @default 60_000
   */
  readonly startTimeoutMs?: number | string | undefined;
}

/** What a test database contains. */
export interface TemplateConfig {
  /**
   * `true`: migrate with the project's knexfile; or the path of one.
   * @default false
   */
  readonly knex?: boolean | string | undefined;
  /** A shell command that fills the database in `DATABASE_URL`. */
  readonly command?: string | undefined;
  /** A function that fills the database whose URL it gets. */
  readonly setup?: ((databaseUrl: string) => void | Promise<void>) | undefined;
  /**
   * Also run the seeds of knex.
   * @default false
   */
  readonly seed?: boolean | undefined;
  /** What the template depends on beside what is known: files, as patterns, and variables, as `'env:NAME'`. It is built again when one of them changes. */
  readonly inputs?: string | readonly string[] | undefined;
  /**
   * The environment of the knexfile that `knex` takes.
   * @default NODE_ENV, else 'development'
   */
  readonly env?: string | undefined;
}
