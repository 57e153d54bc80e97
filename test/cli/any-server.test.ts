import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Scratch } from '../support/scratch.js';
import { serverUrl, uniqueName } from '../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('the command does its main jobs on a server that is there, as it is told to on Windows in CI', () => {
  const database = scratch.forget(uniqueName('any'));
  for (const name of ['copy', 'renamed']) scratch.forget(`${database}_${name}`);
  const script = resolve(__dirname, '../any-server.mjs');
  const output = execFileSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl({ database }) },
  });
  expect(output).toBe('all as it should be\n');
});
