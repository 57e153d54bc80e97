import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ask, serverUrl } from '../../support/server.js';
import { privateDatabasesFor } from '../../support/core/target.js';

const run = promisify(execFile);

test('calls that fail leave no rejection unhandled, no error unheard, and no timer that keeps the process', async () => {
  const script = resolve(__dirname, '../../support/core/failing-calls.mjs');
  const url = new URL(serverUrl());
  url.pathname = '/';
  url.searchParams.set('application_name', 'failing-calls');
  const { stdout, stderr } = await run(process.execPath, [script, url.href], { timeout: 300_000 });
  expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' });
  expect(await ask(`SELECT FROM pg_stat_activity WHERE application_name = 'failing-calls'`)).toEqual([]);
  expect(await privateDatabasesFor('failing_calls_missing')).toEqual([]);
});
