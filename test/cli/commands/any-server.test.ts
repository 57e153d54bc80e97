import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { useOwnServer } from '../../support/own-server.js';
import { serverUrl, uniqueName } from '../../support/server.js';

useOwnServer();

test('the main commands work on an existing server, as CI runs them on Windows', () => {
  const script = resolve(__dirname, '../../any-server.mjs');
  const output = execFileSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl({ database: uniqueName('any') }) },
  });
  expect(output).toBe('all as it should be\n');
});
