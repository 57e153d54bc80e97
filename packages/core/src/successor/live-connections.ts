import type { Connection } from '../connection/connect.js';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { type Deadline, pause } from '../contract/deadline.js';
import { type Operation, wakeChannel } from '../eviction/operation.js';

/** How long a connection may take to answer before it counts as lost. */
const answerMs = 5000;

/**
 * Calls `callback` with the operation. If one of its connections was lost while the caller's code ran, it gets two new
 * ones first, which are closed afterwards.
 *
 * @param deadline that of the new connections, and of the operation with them
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `TIMEOUT`, `ABORTED`
 */
export async function withLiveConnections<T>(
  operation: Operation,
  deadline: Deadline,
  callback: (operation: Operation) => Promise<T>,
): Promise<T> {
  const { control, database, maintenanceDatabase, runner, settings } = operation;
  const live = await Promise.all([runner, control].map(answers));
  if (live.every(Boolean)) return callback(operation);
  const target = {
    settings,
    database,
    maintenanceDatabases: [maintenanceDatabase],
    protect: [],
    poolers: [],
  } as const;
  return withMaintenanceConnections(target, deadline, 2, async ([newRunner, newControl]) => {
    await newRunner.client.query(`LISTEN ${wakeChannel(newRunner.pid)}`);
    return callback({ ...operation, deadline, runner: newRunner, control: newControl });
  });
}

async function answers({ client }: Connection): Promise<boolean> {
  const answered = client.query('SELECT').then(
    () => true,
    () => false,
  );
  return Promise.race([answered, pause(answerMs, answered).then(() => false)]);
}
