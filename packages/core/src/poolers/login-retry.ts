import type { ConnectionSettings } from '../connection/flatten-connection.js';
import { pause } from '../contract/deadline.js';
import { PoolerConsole } from './console.js';

/**
 * The value that `server_login_retry` gets for a moment, in seconds: short, and unlikely to be a user's own setting.
 */
const shortRetry = '0.011';

/** How long a pool without waiting clients is waited for. */
const connectMs = 1000;

/** How long an instant without a connection being opened is waited for. */
const quietMs = 3000;

/** A setting of a pooler that an operation has changed for a moment. */
export interface ChangedRetry {
  readonly settings: ConnectionSettings;
  /** Its previous value. */
  readonly retry: string;
}

/**
 * Waits until the pooler opens no connection of an alias, and returns the backends of its connections. A PAUSE closes a
 * connection that is being opened, and PgBouncer treats that as a refusal by the server: after it is resumed it would
 * refuse its clients for `server_login_retry` (15 s). It opens connections one after another, until it has enough, so
 * the wait is short. The look at them is the last step, because the next one may be opened at any time.
 */
export async function pidsOnceQuiet(console: PoolerConsole, alias: string): Promise<number[]> {
  const endsAt = performance.now() + quietMs;
  for (;;) {
    const servers = (await console.servers()).filter(({ database }) => database === alias);
    const isQuiet = (await console.pools(alias)).every(({ logins }) => logins === 0);
    if (isQuiet || performance.now() > endsAt) return servers.map(({ remote_pid: pid }) => pid);
    await pause(2);
  }
}

/** Whether clients of an alias wait without the pooler connecting for them. */
export async function isRefused(console: PoolerConsole, alias: string): Promise<boolean> {
  return (await console.pools(alias)).some(
    ({ waitingClients, connections, logins }) => waitingClients > 0 && connections + logins === 0,
  );
}

/**
 * Makes a pooler forget that the server refused it: neither PAUSE and RESUME nor RECONNECT do that, but it reads
 * `server_login_retry` each time.
 *
 * @param guard gets the value to put back, before it is changed, and returns a function to call once it was put back
 */
export async function connectAgain(
  console: PoolerConsole,
  alias: string,
  guard: (retry: string) => Promise<() => Promise<void>>,
): Promise<void> {
  const retry = await console.loginRetry();
  // Another operation is doing the same, and will restore it.
  if (retry === undefined || retry === shortRetry) return;
  const release = await guard(retry);
  try {
    await console.setLoginRetry(shortRetry);
    const endsAt = performance.now() + connectMs;
    while (performance.now() < endsAt) {
      const pools = await console.pools(alias);
      if (pools.some(({ connections }) => connections > 0) || pools.length === 0) break;
      await pause(10);
    }
  } finally {
    await console.setLoginRetry(retry);
    await release();
  }
}

/** Restores the setting, if it still has the value that an operation has set. */
export async function restoreRetry({ settings, retry }: ChangedRetry): Promise<void> {
  const console = await PoolerConsole.open(settings);
  try {
    if ((await console.loginRetry()) === shortRetry) await console.setLoginRetry(retry);
  } finally {
    await console.close();
  }
}
