import { resolveTarget } from '@pg-evict/config';
import { listDatabases } from '@pg-evict/core/internal';
import { divertStdout } from '../terminal/stdout.js';
import type { TypedOptions } from './candidates.js';

/** The names of the databases that a user may want to name, from the server that the options lead to. */
export async function completeDatabases(options: TypedOptions, timeoutMs: number): Promise<string[]> {
  const { config, env, host, knexfile, maintenanceDb, port, url, username } = options;
  const { target } = await divertStdout({ json: true }, async () =>
    resolveTarget({
      path: config,
      env,
      knexfile,
      url,
      host,
      port: port === undefined ? undefined : Number(port),
      user: username,
      maintenanceDatabase: maintenanceDb,
      onUnreadable: () => undefined,
    }),
  );
  const names = await listDatabases(target, { timeoutMs });
  return names.filter((name) => name !== 'postgres');
}
