import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { databasesIn, untilGone, VitestFixture } from '../../support/vitest/vitest-fixture.js';
import { sweepTestDatabases } from '@pg-evict/testing';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, until } from '../../support/server.js';
import { askDatabase } from '../../support/knex/ask-database.js';
import { template } from '../../support/vitest/vitest-project.js';

const fixture = new VitestFixture();
const scratch = new Scratch();

afterAll(async () => scratch.cleanUp());

const expecting = (rows: number, edition: string): string => `import { appendFileSync } from 'node:fs';
import pg from 'pg';
import { expect, test } from 'vitest';
test('has what the template has: ${edition}', async () => {
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  const { rowCount } = await client.query('SELECT FROM users');
  await client.end();
  appendFileSync('found.log', rowCount + ' ' + process.env.DATABASE_URL + '\\n');
  expect(rowCount).toBe(${rows});
});
`;

test('in watch mode each run begins with the template as it was saved last, also after one that could not be', async () => {
  const project = fixture.project({ 'tests/rows.test.ts': expecting(1, 'first') });
  const found = (): string[] => project.lines('found.log');
  const edit = (rows: number, edition: string): void =>
    project.write('tests/rows.test.ts', expecting(rows, edition));
  const run = await project.run(['--watch'], {
    meanwhile: async (child, said) => {
      const waiting = async (times: number): Promise<void> =>
        until(
          () => Promise.resolve(said().split('Waiting for file changes').length > times),
          `Vitest waits for the ${times}th time: ${said()}`,
        );
      await waiting(1);
      project.write('template.mjs', template.replace("('ada')", "('ada'), ('bob')"));
      edit(2, 'second');
      await until(() => Promise.resolve(found().length === 2), 'the second run');
      project.write('template.mjs', 'process.exit(3);\n');
      edit(2, 'third');
      await until(() => Promise.resolve(said().includes('ended with exit code 3')), 'the third run');
      project.write('template.mjs', template);
      edit(1, 'fourth');
      await until(() => Promise.resolve(found().length === 3), 'the fourth run');
      child.kill('SIGINT');
    },
  });
  expect(run.output).toContain('The template for tests was not built');
  expect(found().map((line) => line.split(' ')[0])).toEqual(['1', '2', '1']);
  for (const line of found()) await untilGone(line);
  expect(databasesIn(found().join('\n'))).toHaveLength(3);
});

/** A configuration in each form that Node keeps loaded, and files that one imports. */
const configurations = [
  {
    form: 'cjs',
    edited: 'pg-evict.config.cjs',
    text: (file: string) => `module.exports = { testing: { template: { command: 'node ${file}' } } };`,
  },
  {
    form: 'mjs',
    edited: 'pg-evict.config.mjs',
    text: (file: string) => `export default { testing: { template: { command: 'node ${file}' } } };`,
  },
  {
    form: 'ts',
    edited: 'pg-evict.config.ts',
    text: (file: string) =>
      `const command: string = 'node ${file}'; export default { testing: { template: { command } } };`,
  },
  {
    form: 'mjs',
    edited: 'part.mjs',
    config: "import command from './part.mjs';\nexport default { testing: { template: { command } } };",
    text: (file: string) => `export default 'node ${file}';`,
  },
  {
    form: 'cjs',
    edited: 'part.cjs',
    config: "module.exports = { testing: { template: { command: require('./part.cjs') } } };",
    text: (file: string) => `module.exports = 'node ${file}';`,
  },
];

test.each(configurations)(
  'in watch mode each run begins with the configuration as it was saved last: $edited',
  async ({ form, edited, config, text }) => {
    const project = fixture.project({
      'tests/rows.test.ts': expecting(1, 'first'),
      'other.mjs': template.replace("('ada')", "('ada'), ('bob')"),
      ...(config !== undefined && { [`pg-evict.config.${form}`]: config }),
      [edited]: text('template.mjs'),
    });
    rmSync(join(project.directory, 'pg-evict.config.json'));
    const found = (): string[] => project.lines('found.log');
    await project.run(['--watch'], {
      meanwhile: async (child, said) => {
        await until(() => Promise.resolve(said().includes('Waiting for file changes')), 'Vitest waits');
        project.write(edited, text('other.mjs'));
        project.write('tests/rows.test.ts', expecting(2, 'second'));
        await until(() => Promise.resolve(found().length === 2), `the second run: ${said()}`);
        child.kill('SIGINT');
      },
    });
    expect(found().map((line) => line.split(' ')[0])).toEqual(['1', '2']);
    for (const line of found()) await untilGone(line);
  },
);

test('in watch mode each run recreates the shared database from the template as it was saved last, and Ctrl-C leaves no template', async () => {
  const role = await scratch.role('CREATEDB');
  const database = scratch.forget(uniqueName('app_test'));
  const project = fixture.project(
    { 'tests/rows.test.ts': expecting(1, 'first') },
    { isolation: 'run', database },
  );
  const found = (): string[] => project.lines('found.log');
  await project.run(['--watch'], {
    env: { DATABASE_URL: serverUrl({ database: 'nowhere', user: role, password: role }) },
    meanwhile: async (child, said) => {
      await until(() => Promise.resolve(said().includes('Waiting for file changes')), 'Vitest waits');
      project.write('template.mjs', template.replace("('ada')", "('ada'), ('bob')"));
      project.write('tests/rows.test.ts', expecting(2, 'second'));
      await until(() => Promise.resolve(found().length === 2), `the second run: ${said()}`);
      child.kill('SIGINT');
    },
  });
  const url = serverUrl({ database, user: role, password: role });
  expect(found()).toEqual([`1 ${url}`, `2 ${url}`]);
  const owned = `SELECT datname AS name FROM pg_database WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = $1)`;
  expect(await ask(owned, [role])).toEqual([{ name: database }]);
  expect(await askDatabase(database, 'SELECT count(*)::int AS n FROM users')).toEqual([{ n: 2 }]);
});

test('in watch mode each of several projects has its own template as it was saved last', async () => {
  const config = (file: string): string =>
    JSON.stringify({ testing: { template: { command: `node ${file}` } } });
  const both = template.replace("('ada')", "('ada'), ('bob')");
  const project = fixture.project({
    'vitest.config.ts': `import { defineConfig } from 'vitest/config';
export default defineConfig({ test: { projects: ['one', 'two'] } });`,
    ...Object.fromEntries(
      ['one', 'two'].flatMap((name) => [
        [
          `${name}/vitest.config.ts`,
          `import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';
export default defineConfig({ plugins: [pgEvict()], test: { include: ['*.test.ts'], name: '${name}' } });`,
        ],
        [`${name}/package.json`, '{ "type": "module", "private": true }'],
        [`${name}/template.mjs`, name === 'one' ? template : both],
        [`${name}/pg-evict.config.json`, config('template.mjs')],
        [`${name}/rows.test.ts`, expecting(name === 'one' ? 1 : 2, 'first')],
      ]),
    ),
  });
  const found = (): string[] => project.lines('found.log').map((line) => line.split(' ')[0] ?? '');
  await project.run(['--watch'], {
    meanwhile: async (child, said) => {
      await until(() => Promise.resolve(said().includes('Waiting for file changes')), 'Vitest waits');
      project.write('one/template.mjs', both);
      project.write('one/rows.test.ts', expecting(2, 'second'));
      await until(() => Promise.resolve(found().length === 3), `the second run: ${said()}`);
      project.write('two/template.mjs', template);
      project.write('two/rows.test.ts', expecting(1, 'third'));
      await until(() => Promise.resolve(found().length === 4), `the third run: ${said()}`);
      child.kill('SIGINT');
    },
  });
  expect(found().slice(0, 2).toSorted()).toEqual(['1', '2']);
  expect(found().slice(2)).toEqual(['2', '1']);
  for (const line of project.lines('found.log')) await untilGone(line);
});

test('in watch mode the configuration and the template are loaded with the options that Node was given', async () => {
  const project = fixture.project({
    'tests/rows.test.ts': expecting(1, 'only'),
    'given.mjs': "globalThis.given = 'node template.mjs';",
    'pg-evict.config.mjs': 'export default { testing: { template: { command: globalThis.given } } };',
  });
  rmSync(join(project.directory, 'pg-evict.config.json'));
  const run = await project.run(['--watch'], {
    execArgv: ['--import', './given.mjs'],
    meanwhile: async (child, said) => {
      await until(() => Promise.resolve(said().includes('for file changes')), 'Vitest waits');
      child.kill('SIGINT');
    },
  });
  expect(run.output).toContain('1 passed');
});

/** The databases of a role, whose runner was killed, are gone after the next sweep. */
async function expectSwept(role: string): Promise<void> {
  await until(async () => {
    await sweepTestDatabases({ connection: serverUrl({ user: role, password: role }) }, { templates: true });
    const owned = 'SELECT FROM pg_database WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = $1)';
    return (await ask(owned, [role])).length === 0;
  }, 'what the killed runner left is swept');
}

/** Whether a process lives. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('in watch mode nothing waits for an edited configuration after its runner was killed', async () => {
  const project = fixture.project({
    'tests/rows.test.ts': expecting(1, 'first'),
    'pg-evict.config.mjs': configurations[1]?.text('template.mjs') ?? '',
  });
  rmSync(join(project.directory, 'pg-evict.config.json'));
  const pids = (): number[] => project.lines('pids.log').map(Number);
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ database: 'nowhere', user: role, password: role });
  await project.run(['--watch'], {
    env: { DATABASE_URL: url },
    meanwhile: async (child, said) => {
      await until(() => Promise.resolve(said().includes('Waiting for file changes')), 'Vitest waits');
      project.write(
        'pg-evict.config.mjs',
        `import { appendFileSync } from 'node:fs';
appendFileSync('pids.log', process.pid + '\\n');
await new Promise((resolve) => setTimeout(resolve, 600_000));
`,
      );
      project.write('tests/rows.test.ts', expecting(1, 'second'));
      await until(() => Promise.resolve(pids().length > 0), 'the configuration is loaded');
      child.kill('SIGKILL');
    },
  });
  await until(() => Promise.resolve(!pids().some(lives)), 'the process that loads it has ended');
  expect(pids()).toHaveLength(1);
  await expectSwept(role);
});

test('in watch mode nothing fills a borrowed template any more after the runner was killed', async () => {
  const project = fixture.project(
    {
      'slow.mjs': `${template.replace('await client.end();', '')}
import { appendFileSync } from 'node:fs';
appendFileSync('found.log', new URL(process.env.DATABASE_URL).pathname.slice(1) + '\\n');
await client.query('SELECT pg_sleep(600)');
`,
      'tests/borrows.test.ts': `import { borrowDatabase } from '@pg-evict/vitest/worker';
import { test } from 'vitest';
test('borrows', async () => { await borrowDatabase({ template: 'slow' }); });
`,
    },
    { templates: { slow: { command: 'node slow.mjs' } } },
  );
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ database: 'nowhere', user: role, password: role });
  await project.run(['--watch'], {
    env: { DATABASE_URL: url },
    meanwhile: async (child) => {
      await until(() => Promise.resolve(project.lines('found.log').length > 0), 'the template is filled');
      child.kill('SIGKILL');
    },
  });
  const [name = ''] = project.lines('found.log');
  expect(name).toMatch(/^pg_evict_building_/);
  await until(async () => !(await databaseExists(name)), 'the unfinished template is dropped');
  await expectSwept(role);
});
