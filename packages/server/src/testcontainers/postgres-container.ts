import type { GenericContainer } from 'testcontainers';
import type { Testcontainers } from './load-testcontainers.js';
import { label } from './reusable-container.js';

/** The superuser and port of every container. */
export const superuser = 'postgres';
export const database = 'postgres';
export const containerPort = 5432;

// Not the image's own place: that differs between majors, and a volume of the image would hide the tmpfs.
const memory = '/var/lib/pg-evict';

/** The settings that a container is made from. */
export interface ContainerPlan {
  readonly image: string;
  readonly arguments: readonly string[];
  readonly tmpfs: boolean;
  readonly password: string;
  /** Equal for containers with the same settings. */
  readonly likeness: string;
}

/**
 * Describes the container, by the rules of the official image ({@link https://hub.docker.com/_/postgres}); starts
 * nothing.
 *
 * @param onCreated called with the container's id before it is started
 */
export function postgresContainer(
  testcontainers: Testcontainers,
  plan: ContainerPlan,
  onCreated: (id: string) => void,
): GenericContainer {
  class PostgresContainer extends testcontainers.GenericContainer {
    protected override async containerCreated(id: string): Promise<void> {
      onCreated(id);
      return Promise.resolve();
    }
  }
  const container = new PostgresContainer(plan.image)
    .withExposedPorts(containerPort)
    .withLabels({ [label]: plan.likeness })
    .withEnvironment({
      POSTGRES_USER: superuser,
      POSTGRES_DB: database,
      POSTGRES_PASSWORD: plan.password,
      POSTGRES_HOST_AUTH_METHOD: 'scram-sha-256',
      // For PostgreSQL 13, which otherwise stores passwords as MD5.
      POSTGRES_INITDB_ARGS: '--auth-host=scram-sha-256 --encoding=UTF8 --no-sync',
      ...(plan.tmpfs && { PGDATA: `${memory}/data` }),
    })
    .withCommand(['postgres', ...plan.arguments])
    // The engine's 64 MB are not enough for parallel queries.
    .withSharedMemorySize(256 * 1024 ** 2)
    // For `docker ps`; pg-evict queries the server itself. Seldom, because four checks a second took a fifth of a CPU;
    // without a shell, whose child the server would have to reap when the check is killed.
    .withHealthCheck({
      test: ['CMD', 'pg_isready', '--host=127.0.0.1', `--username=${superuser}`, `--dbname=${database}`],
      interval: 10_000,
      timeout: 5_000,
      retries: 3,
      startPeriod: 60_000,
    });
  return plan.tmpfs ? container.withTmpFs({ [memory]: 'rw' }) : container;
}
