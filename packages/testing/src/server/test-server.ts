import type { ResolvedConfig, ResolvedConfiguration } from '@pg-evict/config';
import {
  type ConnectionSettings,
  createDatabase,
  describeDatabase,
  PgEvictError,
  type Target,
} from '@pg-evict/core';
import { connectionParameters, isBuiltIn } from '@pg-evict/core/internal';
import { startTestServer, type TestServerSettings } from './start-test-server.js';

type Testing = NonNullable<ResolvedConfig['testing']>;

/** How tests get to a server. */
export interface ReachableServer {
  /** How tests connect: the role of the application. */
  readonly connection: ConnectionSettings;
  /** Parameters for the URL of a test database, such as `sslmode=require`; empty, or begins with `?`. */
  readonly urlParameters: string;
  /** libpq's variables for TLS. */
  readonly tlsEnvironment: Readonly<Record<string, string>>;
  /** `connection` or the kind of server that was started for the run. */
  readonly kind: 'connection' | 'embedded' | 'testcontainers';
  /** Whether it still exists when the run is over. */
  readonly lasts: boolean;
}

/** A server on which test databases are created. */
export interface TestServer extends ReachableServer {
  /**
   * For administration: creating, resetting and dropping databases. Its `database` is the configured one, which is
   * never touched.
   */
  readonly target: Omit<Target, 'connection'> & { readonly connection: ConnectionSettings };
}

/** A server, and how to stop it if it was started for the run. */
export interface OpenedServer extends TestServer {
  readonly stop: () => Promise<void>;
}

/**
 * Opens the server that is configured for tests: the configured connection, or a server that is started and lives as
 * long as this process.
 *
 * @throws {@link PgEvictError} `PROTECTED` if the configured database or its host is protected, `CONNECTION_FAILED`,
 * `CONFIG_INVALID`; ServerError if a server does not start
 */
export async function openServer(
  { server: given }: Testing,
  configuration: ResolvedConfiguration,
  cwd: string,
): Promise<OpenedServer> {
  const isConfigured = configuration.connection.source.kind !== 'defaults';
  const server: TestServerSettings =
    typeof given === 'object' ? given : { kind: given ?? (isConfigured ? 'connection' : 'embedded') };
  if (server.kind === 'connection') return openConfigured(configuration);
  const running = await startTestServer(server, cwd);
  const { host, port, user, password } = running;
  const connection = { host, port, user, password, ssl: false };
  return {
    target: { connection, database: running.database },
    connection,
    urlParameters: '',
    tlsEnvironment: {},
    kind: server.kind,
    lasts: server.reuse === true,
    stop: async () => running.stop(),
  };
}

async function openConfigured({
  target,
  connection: { settings, source, tlsEnvironment },
}: ResolvedConfiguration): Promise<OpenedServer> {
  await refuseProtected(target);
  const original = source.kind === 'DATABASE_URL' ? (process.env['DATABASE_URL'] ?? '') : '';
  const { database: _configured, ...connection } = settings;
  return {
    target: { ...target, connection: withoutDatabase(target) },
    connection,
    urlParameters: connectionParameters(original),
    tlsEnvironment,
    kind: 'connection',
    lasts: true,
    stop: async () => Promise.resolve(),
  };
}

function withoutDatabase({ connection = {} }: Target): ConnectionSettings {
  if (typeof connection === 'string') return { connectionString: connection };
  const { database: _configured, ...settings } = connection;
  return settings;
}

/**
 * A server whose configured database, or host, is protected is not used for tests, although the database itself would
 * not be touched.
 */
async function refuseProtected(target: Target): Promise<void> {
  const database = target.database ?? process.env['PGDATABASE'];
  const isOwn = database !== undefined && !isBuiltIn(database) && database !== target.maintenanceDatabase;
  const named = { ...target, database: isOwn ? database : 'pg_evict_test' };
  // core compares the patterns before it connects. Nothing is created.
  if ((target.protect ?? []).length > 0) await createDatabase(named, { dryRun: true, ifNotExists: true });
  if (!isOwn) return;
  const { protection } = await describeDatabase(named);
  if (protection === null) return;
  throw new PgEvictError(
    'PROTECTED',
    `Database "${database}" is protected${protection === '' ? '' : ` (${protection})`}, so its server is not used for tests.`,
    { database, hint: 'Configure another connection for tests, or a server of their own: testing.server.' },
  );
}
