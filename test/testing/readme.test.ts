import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverUrl } from '../support/server.js';
import { ownDatabases, RunFixture } from '../support/testing/run-fixture.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());

const readme = readFileSync(join(__dirname, '../../packages/testing/README.md'), 'utf8');
const [start = '', worker = ''] = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');

/** Code of the README with something in the place of an ellipsis. */
function fill(code: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((text, [place, filling]) => {
    if (!text.includes(place)) throw new Error(`The README has no ${place}`);
    return text.replace(place, filling);
  }, code);
}

test('the example of the README runs', async () => {
  const inWorker = fill(worker, {
    '// … a test file …': `const { Client } = await import('pg'); const client = new Client(); await client.connect();
      await client.query('CREATE TABLE made ()'); await client.end();`,
    '// … the next …': `console.log(how, sessions.length, process.env.DATABASE_URL);`,
  });
  const inStart = fill(start, {
    '// … the tests …': `const { execFileSync } = await import('node:child_process');
      execFileSync(process.execPath, ['--input-type=module', '--eval', process.env.WORKER], { stdio: 'inherit' });
      console.log(run.id, run.template.name);`,
  });
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', inStart], {
    cwd: join(__dirname, '..'),
    env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl(), WORKER: inWorker },
  });
  const [report = '', names = ''] = stdout.split('\n');
  const [run = '', template = ''] = names.split(' ');
  fixture.forget(template);
  expect(report).toMatch(new RegExp(`^clone 0 postgresql://.*/pg_evict_test_${run}_`));
  expect(await ownDatabases(run)).toEqual([]);
});
