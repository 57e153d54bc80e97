import type { DatabaseAccess } from '@pg-evict/core';
import { CuttingProxy } from '../cutting-proxy.js';
import { ask, serverUrl, until } from '../server.js';
import { alive, targetOf, type OwnTarget } from './target.js';

/** Ends the sessions of an operation, and waits until they are gone. */
export async function endSessionsOf({ connection }: OwnTarget): Promise<void> {
  const application = connection.application_name;
  const ended = await ask<{ pid: number }>(
    'SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
    [application],
  );
  const pids = ended.map(({ pid }) => pid);
  expect(pids).not.toEqual([]);
  await until(async () => (await alive(pids)).length === 0, 'they are gone');
}

/** A target behind a proxy that can refuse, and a client of ours that needs no proxy. */
export async function proxied(database: string): Promise<{ proxy: CuttingProxy; target: OwnTarget }> {
  const { hostname, port } = new URL(serverUrl());
  const proxy = await CuttingProxy.start(hostname, Number(port));
  const url = new URL(serverUrl());
  url.port = String(proxy.port);
  return { proxy, target: targetOf(database, undefined, url.href) };
}

/** What a callback's signal says once it fires. */
export const firesOn = async ({ signal }: DatabaseAccess): Promise<unknown> => {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return signal.reason;
};
