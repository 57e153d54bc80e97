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

/** Code of the README under a heading. */
const under = (heading: string): string[] => {
  const [, section = ''] = readme.split(`## ${heading}\n`);
  return [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
};

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

test('the adapter of the README runs: a database for each file, and a leak fails its own', async () => {
  const [begin = '', adapter = ''] = under('An adapter for a test runner');
  const plain = fill(adapter, {
    'path: string, runFile: (enter: (phase: string) => void) => Promise<void>': 'path, runFile',
    '(error: unknown)': '(error)',
    'export async': 'async',
  });
  const inWorker = `${plain}
    const { Client } = (await import('pg')).default;
    const outcomes = [];
    for (const [n, ends] of [[1, true], [2, true], [3, false]]) {
      await withDatabase('/project/' + n + '.test.js', async (enter) => {
        enter('in "' + n + '"');
        const client = new Client();
        await client.connect();
        await client.query('CREATE TABLE made ()');
        if (ends) await client.end();
      }).then(() => outcomes.push('passed'), (error) => outcomes.push(error.message.split('\\n')[0]));
    }
    console.log(JSON.stringify(outcomes));`;
  const inRunner = fill(begin, {
    '// … the workers, with all test files …': `const { execFile } = await import('node:child_process');
      const { promisify } = await import('node:util');
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', process.env.WORKER]);
      console.log(stdout.trim());
      console.log(host.runs[0].id, host.runs[0].template.name);`,
  });
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', inRunner],
    {
      cwd: join(__dirname, '..'),
      env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl(), WORKER: inWorker },
    },
  );
  const [outcomes = '', names = ''] = stdout.split('\n');
  const [run = '', template = ''] = names.split(' ');
  fixture.forget(template);
  expect(JSON.parse(outcomes)).toEqual([
    'passed',
    'passed',
    expect.stringMatching(/3\.test\.js left 1 PostgreSQL session open/),
  ]);
  expect(await ownDatabases(`_${run}_`)).toEqual([]);
});
