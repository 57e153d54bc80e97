import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

describe('--verbose', () => {
  test('says where the connection is from, then each statement in order, with its time', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const { code, stderr } = await runCli(['recreate', '--yes', '--verbose'], env);
    expect(code).toBe(0);
    const parts = [
      /^host +\S+ from DATABASE_URL$/m,
      /^password +\(not shown\) from DATABASE_URL$/m,
      /^ +\d+\.\d ms {2}\S+\/postgres \(\d+\) {2}connect$/m,
      / {2}CREATE DATABASE /,
      new RegExp(` {2}ALTER DATABASE "${database}" RENAME TO `),
      / {2}DROP DATABASE /,
    ];
    const at = parts.map((part) => stderr.search(part));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at).not.toContain(-1);
  });

  test('shows no value and no password', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const { password } = new URL(env.DATABASE_URL);
    const said = await runCli(['protect', '--reason', "the 'secret' reason", '--verbose'], env);
    expect(said.code).toBe(0);
    expect(said.stderr).toContain('COMMENT ON DATABASE');
    expect(said.stderr).not.toContain('secret');
    expect(password).not.toBe('');
    expect(said.stderr).not.toContain(password);
    await runCli(['unprotect', '--yes'], env);
  });

  test('names the failed statement, leaves stdout to JSON, and DEBUG=pg-evict does the same', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }), DEBUG: 'pg-evict' };
    const { document, stderr } = await runCliJson(['sessions'], env);
    expect(document).toMatchObject({ database });
    expect(stderr).toMatch(/SELECT pg_\w+/);
    const failed = await runCli(['sessions', '--verbose'], {
      DATABASE_URL: serverUrl({ database, password: 'wrong' }),
    });
    expect(failed.code).toBe(6);
    expect(failed.stderr).toMatch(/connect {2}failed: 28P01/);
  });

  test('without it the report has no such entry', async () => {
    const database = await scratch.database();
    expect((await runCli(['sessions'], { DATABASE_URL: serverUrl({ database }) })).stderr).toBe('');
  });
});
