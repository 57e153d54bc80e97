import { jestVersions } from '../../jest/support/jest-installation.js';
import { JestFixture } from '../../jest/support/jest-fixture.js';
import { inBand, withWorkers } from '../../jest/support/jest-project.js';

const usesNotes = `
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(async () => pool.end());

test('finds the template and changes it', async () => {
  const { rows } = await pool.query('SELECT text FROM notes');
  expect(rows).toEqual([{ text: 'template' }]);
  await pool.query("INSERT INTO notes VALUES ('more')");
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
