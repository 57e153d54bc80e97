import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { installJest, jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, JestProject, withWorkers } from '../../support/jest/jest-project.js';

const usesNotes = `
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(async () => pool.end());

test('finds the template and changes it', async () => {
  const { rows } = await pool.query('SELECT text FROM notes');
  expect(rows).toEqual([{ text: 'template' }]);
  await pool.query("INSERT INTO notes VALUES ('more')");
});
`;

/** A project of TypeScript, its tests and Jest's configuration aside. */
const typed = {
  'pg-evict.config.json': '{ "testing": { "template": { "knex": true, "seed": true } } }',
  'knexfile.ts': `import type { Knex } from 'knex';
    import { withPgEvict } from '@pg-evict/knex';
    const config: Knex.Config = { client: 'pg', connection: process.env['NO_SUCH_VARIABLE'] ?? 'postgres://nobody@localhost:1/none' };
    export default withPgEvict(config);`,
  'migrations/1_notes.ts': `import type { Knex } from 'knex';
    export const up = async (knex: Knex): Promise<void> => {
      await knex.schema.createTable('notes', (table) => { table.text('text'); });
    };
    export const down = async (): Promise<void> => undefined;`,
  'seeds/notes.ts': `import type { Knex } from 'knex';
    export const seed = async (knex: Knex): Promise<void> => { await knex('notes').insert({ text: 'seed' }); };`,
  'setup.ts': `import beginRun from '@pg-evict/jest/global-setup';
    export default async (...parameters: Parameters<typeof beginRun>): Promise<void> => {
      await beginRun(...parameters);
      process.env['SET_UP'] = 'in TypeScript';
    };`,
  'teardown.ts': `import endRun from '@pg-evict/jest/global-teardown';
    export default async (): Promise<void> => endRun();`,
};

const usesKnex = `
const knex: Knex = createKnex(config);
afterAll(async (): Promise<void> => knex.destroy());

test('is set up', async (): Promise<void> => {
  expect(process.env['SET_UP']).toBe('in TypeScript');
  expect(await knex<{ text: string }>('notes').pluck('text')).toEqual(['seed']);
});
`;

describe('a project', () => {
  const fixture = new JestFixture();

  it.each(jestVersions)('has a DOM beside its database, in %s', async (version) => {
    const test = `const { Pool } = require('pg');
      test('has a DOM', () => { expect(document.createElement('p').tagName).toBe('P'); });${usesNotes}`;
    const project = fixture.project(
      'plain',
      {
        'jest.config.js': `module.exports = {
          preset: '@pg-evict/jest',
          testEnvironment: '@pg-evict/jest/jsdom',
          setupFiles: ['<rootDir>/setup.js'],
        };`,
        // What pg needs and jsdom has not.
        'setup.js': `Object.assign(globalThis, {
            TextEncoder: require('node:util').TextEncoder,
            TextDecoder: require('node:util').TextDecoder,
            setImmediate: require('node:timers').setImmediate,
          });`,
        'tests/one.test.js': test,
        'tests/two.test.js': test,
      },
      version,
    );
    const run = await project.run({ parameters: inBand });
    expect(run.files).toEqual({
      'one.test.js': { status: 'passed', message: '' },
      'two.test.js': { status: 'passed', message: '' },
    });
    expect(run).toMatchObject({ code: 0, passed: 4 });
  });

  it('for a DOM says what to install if a package is missing', async () => {
    const installation = installJest('jest-29');
    rmSync(join(installation.modules, 'jest-environment-jsdom'));
    const project = new JestProject(installation, 'plain', {
      'tests/one.test.js': `/** @jest-environment @pg-evict/jest/jsdom */
        test('never runs', () => undefined);`,
    });
    try {
      const run = await project.run({ parameters: [...inBand, 'one.test'] });
      expect(run.files['one.test.js']?.message).toContain(
        "'@pg-evict/jest/jsdom' needs jest-environment-jsdom, which is not installed. npm install --save-dev jest-environment-jsdom@29",
      );
    } finally {
      project.remove();
      installation.remove();
    }
  });

  it.each(jestVersions)('of ES modules has its database, in %s', async (version) => {
    const test = `import pg from 'pg';
      const { Pool } = pg;${usesNotes}`;
    const project = fixture.project(
      'plain',
      {
        'package.json': '{ "type": "module" }',
        'jest.config.js': "export default { preset: '@pg-evict/jest' };",
        'tests/one.test.js': test,
        'tests/two.test.js': test,
      },
      version,
    );
    const run = await project.run({ env: { NODE_OPTIONS: '--experimental-vm-modules' } });
    expect(run).toMatchObject({ code: 0, passed: 2 });
  });

  it('in TypeScript names a leak by the line of the source', async () => {
    const project = fixture.project('plain', {
      'jest.config.js': `module.exports = {
        preset: '@pg-evict/jest',
        transform: { '\\\\.ts$': '@swc/jest' },
        testMatch: ['**/*.test.ts'],
      };`,
      'tests/typed.test.ts': `import { Pool } from 'pg';
interface Unused {
  readonly nothing: string;
}
const pool: Pool = new Pool();
test('leaks', async (): Promise<void> => {
  const answer: { rows: object[] } = await pool.query('SELECT text FROM notes'); // line 7
  expect(answer.rows satisfies object[]).toEqual([{ text: 'template' }]);
});`,
    });
    const run = await project.run({ parameters: inBand });
    expect(run).toMatchObject({ code: 1, passed: 1, failed: 0 });
    expect(run.files['typed.test.ts']?.message).toMatch(/^ +tests\/typed\.test\.ts:7:/m);
    expect(run.files['typed.test.ts']?.message).toContain('> 7 |');
  });

  it('in TypeScript has its knexfile, migrations, seeds and global setup in it, too', async () => {
    const project = fixture.project('plain', {
      ...typed,
      'jest.config.js': `module.exports = {
        preset: '@pg-evict/jest',
        globalSetup: './setup.ts',
        globalTeardown: './teardown.ts',
        transform: { '\\\\.ts$': '@swc/jest' },
        testMatch: ['**/*.test.ts'],
      };`,
      'tests/typed.test.ts': `import createKnex, { type Knex } from 'knex';
        import config from '../knexfile';${usesKnex}`,
    });
    project.remove('pg-evict.config.cjs');
    const run = await project.run({ parameters: withWorkers });
    expect(run.files['typed.test.ts']).toEqual({ status: 'passed', message: '' });
    expect(run).toMatchObject({ code: 0, passed: 1 });
  });

  it('of ES modules in TypeScript has it all, and the report of a leak has the line of the source', async () => {
    const project = fixture.project('plain', {
      ...typed,
      'package.json': '{ "type": "module" }',
      'jest.config.js': `export default {
        preset: '@pg-evict/jest',
        globalSetup: './setup.ts',
        globalTeardown: './teardown.ts',
        transform: { '\\\\.ts$': '@swc/jest' },
        extensionsToTreatAsEsm: ['.ts'],
        moduleNameMapper: { '^(\\\\..*)\\\\.js$': '$1' },
        testMatch: ['**/*.test.ts'],
      };`,
      'tests/typed.test.ts': `import createKnex, { type Knex } from 'knex';
        import config from '../knexfile.js';${usesKnex}`,
      'tests/leaks.test.ts': `import pg from 'pg';
interface Unused {
  readonly nothing: string;
}
const pool: pg.Pool = new pg.Pool();
test('leaks', async (): Promise<void> => {
  await pool.query('SELECT text FROM notes'); // line 7
});`,
    });
    project.remove('pg-evict.config.cjs');
    const run = await project.run({ env: { NODE_OPTIONS: '--experimental-vm-modules' } });
    expect(run.files['typed.test.ts']).toEqual({ status: 'passed', message: '' });
    expect(run.files['leaks.test.ts']?.message).toMatch(/^ +tests\/leaks\.test\.ts:7:/m);
    expect(run).toMatchObject({ code: 1, passed: 2, failed: 0 });
  });

  it('has an environment of its own that is made of ours', async () => {
    const project = fixture.project('plain', {
      'environment.js': `const { withDatabase } = require('@pg-evict/jest');
        const { TestEnvironment } = require('jest-environment-node');
        class Base extends TestEnvironment {
          async handleTestEvent(event) { if (event.name === 'run_start') this.global.seen = ['base']; }
        }
        module.exports = class extends withDatabase(Base) {
          async setup() { await super.setup(); this.global.tenant = this.global.process.env.PGDATABASE; }
        };`,
      'jest.config.js': "module.exports = { preset: '@pg-evict/jest', testEnvironment: './environment.js' };",
      'tests/own.test.js': `test('has both', () => {
        expect(tenant).toBe(process.env.PGDATABASE);
        expect(seen).toEqual(['base']);
      });`,
    });
    const run = await project.run({ parameters: withWorkers });
    expect(run).toMatchObject({ code: 0, passed: 3 });
  });
});
