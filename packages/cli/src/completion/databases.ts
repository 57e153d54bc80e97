import { resolveTarget } from '@pg-evict/config';
import { listDatabases } from '@pg-evict/core/internal';
import type { GlobalOptions } from '../options/global.js';
import { divertStdout } from '../terminal/stdout.js';

/** The names of the databases that somebody may mean, from the server that the options lead to. */
export async function completeDatabases(options: GlobalOptions, timeoutMs: number): Promise<string[]> {
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
