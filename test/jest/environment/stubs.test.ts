import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand } from '../../support/jest/jest-project.js';

const fixture = new JestFixture();

/** Leaves a session open that has changed a definition, so that the next file needs a copy. */
const leak = `
  const { Client } = require('pg');
  const client = new Client();
  await client.connect();
  await client.query('CREATE TABLE more ()');`;

const next = `
const { Client } = require('pg');
test('has its database', async () => {
  const client = new Client();
  await client.connect();
  const { rows } = await client.query("SELECT to_regclass('more') AS more");
  await client.end();
  expect(rows).toEqual([{ more: null }]);
});`;

/** Jest has a worker at all, if it is to look after its memory. */
const oneWorker = ['--maxWorkers=1', '--workerIdleMemoryLimit=4GB'];

/** All files of a process share it. */
const wasThere = "require('node:net').Socket.wasThere";

/** What tests leave behind them that other programs share with them. */
const stubs = {
  'a clock that stands': "jest.spyOn(performance, 'now').mockReturnValue(1000);",
  'timers that never fire':
    "require('node:timers/promises').setTimeout = () => new Promise(() => {}); require('node:timers').setTimeout = () => 0;",
  'fake timers that nobody takes back': 'jest.useFakeTimers({ now: new Date() });',
  'a standard error that is silent': 'process.stderr.write = () => true;',
  'files that cannot be read or written': `const fs = require('node:fs');
    for (const name of Object.keys(fs).filter((key) => /Sync$/.test(key) && typeof fs[key] === 'function')) jest.spyOn(fs, name).mockImplementation(() => { throw new Error('stubbed ' + name); });
    for (const name of Object.keys(fs.promises)) if (typeof fs.promises[name] === 'function') jest.spyOn(fs.promises, name).mockRejectedValue(new Error('stubbed ' + name));`,
  'processes that cannot be started': `const processes = require('node:child_process');
    for (const name of Object.keys(processes).filter((key) => /^[a-z]/.test(key))) jest.spyOn(processes, name).mockImplementation(() => { throw new Error('stubbed ' + name); });`,
};

describe('a test that replaces an object that all files share', () => {
  it.each(
    Object.entries(stubs).flatMap(([what, stub]) => [
      { what, stub, where: 'band', parameters: inBand },
      { what, stub, where: 'a worker', parameters: oneWorker },
    ]),
  )(
    '$what, in $where: its leak is told, and the next file has its database',
    async ({ stub, parameters }) => {
      const project = fixture.project('plain', {
        // Jest begins with the largest.
        'tests/one.test.js': `test('leaks', async () => {${leak}\n${stub}\n${wasThere} = true;\n}); //${'-'.repeat(1000)}`,
        'tests/two.test.js': `${next}\ntest('is in the same process', () => expect(${wasThere}).toBe(true));`,
      });
      const run = await project.run({ parameters });
      expect(run).toMatchObject({ code: 1, passed: 3, failed: 0 });
      expect(run.files['one.test.js']?.message).toContain('left 1 PostgreSQL session open');
    },
  );

  it("a standard error that is silent: with leaks: 'warn' the leak is told all the same", async () => {
    const project = fixture.project('plain', {
      'tests/one.test.js': `test('leaks', async () => {${leak}\nprocess.stderr.write = () => true;\n});`,
    });
    project.write('plain.config.cjs', project.read('pg-evict.config.cjs'));
    project.write(
      'pg-evict.config.cjs',
      "const { testing } = require('./plain.config.cjs'); module.exports = { testing: { ...testing, leaks: 'warn' } };",
    );
    const run = await project.run({ parameters: [...inBand, 'one.test.js'] });
    expect(run).toMatchObject({ code: 0, passed: 1 });
    expect(run.stderr).toContain('left 1 PostgreSQL session open');
  });

  it('after a socket that never connects, the next file has its database', async () => {
    const project = fixture.project('plain', {
      'tests/one.test.js': `
        const net = require('node:net');
        test('stubs', async () => {
          ${leak}
          await client.end();
          net.Socket.prototype.connect = () => { throw new Error('stubbed'); };
        });`,
      'tests/two.test.js': `const net = require('node:net'); const { Client } = require('pg');
        test('goes on', () => expect(() => new net.Socket().connect(1)).toThrow('stubbed'));`,
    });
    const run = await project.run({ parameters: [...inBand, 'one.test.js', 'two.test.js'] });
    expect(run).toMatchObject({ code: 0, passed: 2 });
  });

  const ways = ['files that cannot be read or written', 'processes that cannot be started'] as const;
  it.each(ways)('%s, in band: another template is filled all the same', async (what) => {
    const project = fixture.project('plain', {
      'tests/one.test.js': `
        const { Client } = require('pg');
        const { borrowDatabase } = require('@pg-evict/jest/worker');
        test('borrows', async () => {
          ${stubs[what]}
          const client = new Client((await borrowDatabase({ template: 'other' })).url);
          await client.connect();
          const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
          await client.end();
          expect(rows).toEqual([{ tablename: 'other' }]);
        });`,
      'pg-evict.config.cjs': `const { Client } = require('pg');
        module.exports = { testing: { templates: { other: { async setup(url) {
          const client = new Client(url);
          await client.connect();
          await client.query('CREATE TABLE other ()');
          await client.end();
        } } } } };`,
    });
    project.remove('tests/two.test.js');
    expect(await project.run({ parameters: inBand })).toMatchObject({ code: 0, passed: 1 });
  });
});
